import type { z } from 'zod';
import { isSecret, jsonSchemaOf, type JsonSchema } from './json-schema.ts';
import type { Installation } from './load-installation.ts';
import { partAt, type Located } from './located.ts';
import { originText } from './origin.ts';
import { pathText } from '../kernel/config-problems.ts';

/** Shown in place of what a schema marks as secret. */
export const REDACTED = '(secret)';

/** One value of the configuration as it holds, and who said so. */
export interface ResolvedValue {
  readonly path: readonly (string | number)[];
  /** The path as it is written in documentation: "components.ingress.with.httpsPort". */
  readonly key: string;
  /** Redacted when it is secret; as it was written when it refers to the environment. */
  readonly value: unknown;
  /** "--domain", "EPINIO_DOMAIN", "epinio.config.yaml:3:9", "profile embedded", "default". */
  readonly origin: string;
}

/** Every value of a configuration with its origin, the defaults of the plugins among them. Secrets are redacted. */
export async function resolvedConfig({ loaded, plugins }: Installation): Promise<readonly ResolvedValue[]> {
  const values: ResolvedValue[] = [];
  const add = (path: readonly (string | number)[], value: unknown, origin: string): void => {
    values.push({ path, key: pathText(path), value, origin });
  };
  const originOf = (path: readonly (string | number)[]): string => {
    const part = partAt(loaded.merged, path);
    return part === undefined ? 'default' : originText(part.origin);
  };
  if (loaded.profile !== undefined) add(['profile'], loaded.profile, originOf(['profile']));
  for (const key of ['domain', 'namespace', 'tlsIssuer'] as const) {
    add([key], loaded.settings[key], originOf([key]));
  }
  const components = partAt(loaded.merged, ['components']);
  for (const [slot, { value }] of components?.kind === 'map' ? components.entries : []) {
    if (value.kind === 'scalar') add(['components', slot], value.value, originText(value.origin));
  }
  for (const { choice, plugin } of plugins) {
    add([...choice.path, 'use'], choice.use, originText(choice.origin));
    if (choice.name !== undefined)
      add([...choice.path, 'name'], choice.name, originOf([...choice.path, 'name']));
    const schema = await jsonSchemaOf(plugin.config as z.ZodType);
    const path = [...choice.path, 'with'];
    collect(partAt(loaded.merged, path), schema, path, add);
  }
  return values;
}

type Add = (path: readonly (string | number)[], value: unknown, origin: string) => void;

/** What was said, and for what was not said the schema's defaults. */
function collect(
  part: Located | undefined,
  schema: JsonSchema,
  path: readonly (string | number)[],
  add: Add,
): void {
  if (part !== undefined && isSecret(schema)) {
    add(path, REDACTED, originText(part.origin));
    return;
  }
  const properties = (schema['properties'] ?? {}) as Readonly<Record<string, JsonSchema>>;
  if (part === undefined) {
    if ('default' in schema) add(path, isSecret(schema) ? REDACTED : schema['default'], 'default');
    else
      for (const [key, inner] of Object.entries(properties)) collect(undefined, inner, [...path, key], add);
    return;
  }
  if (part.kind === 'scalar') {
    add(path, part.written ?? part.value, originText(part.origin));
    return;
  }
  if (part.kind === 'list') {
    const items = (schema['items'] ?? {}) as JsonSchema;
    if (part.items.length === 0) add(path, [], originText(part.origin));
    for (const [index, item] of part.items.entries()) collect(item, items, [...path, index], add);
    return;
  }
  const others = (schema['additionalProperties'] ?? {}) as JsonSchema;
  for (const [key, { value }] of part.entries) collect(value, properties[key] ?? others, [...path, key], add);
  for (const [key, inner] of Object.entries(properties)) {
    if (!part.entries.has(key)) collect(undefined, inner, [...path, key], add);
  }
}

/** The values as a config file, each with its origin as a comment. */
export async function resolvedText(values: readonly ResolvedValue[]): Promise<string> {
  const { Document, isNode } = await import('yaml');
  const document = new Document({ api: 'epinio/v1' });
  for (const { path, value, origin } of values) {
    path.forEach((_, depth) => {
      // Lists are made where a number follows.
      const parent = path.slice(0, depth);
      if (depth > 0 && document.getIn(parent) === undefined) {
        document.setIn(parent, document.createNode(typeof path[depth] === 'number' ? [] : {}));
      }
    });
    const node = document.createNode(value, { flow: true }); // on one line, so that the comment is beside it
    if (isNode(node)) node.comment = ` ${origin}`;
    document.setIn(path, node);
  }
  return document.toString({ lineWidth: 0 });
}
