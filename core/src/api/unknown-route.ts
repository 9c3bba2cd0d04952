import type { AnyOperation } from './operation.ts';

/** The methods that a path knows; empty for a path that is no route. */
export function allowedMethods(operations: readonly AnyOperation[], path: string): string[] {
  const methods = operations
    .filter((operation) => pattern(operation.path).test(path))
    .map(({ method }) => method.toUpperCase());
  return [...new Set(methods)].sort();
}

function pattern(path: string): RegExp {
  return new RegExp(`^${path.replace(/\{\w+\}/g, '[^/]+')}$`);
}
