import type { Problem } from '../kernel/problem.ts';
import { map, type Located } from './located.ts';
import { originText } from './origin.ts';

const REFERENCE = /\$?\$\{env:([A-Za-z_][A-Za-z0-9_]*)\}/g;

/**
 * Replaces `${env:NAME}` in texts by the variable's value; `$${env:NAME}` stands for the text itself. A
 * variable that is not set is a problem: an empty password by mistake is worse than an error.
 */
export function interpolate(
  located: Located,
  environment: Readonly<Record<string, string | undefined>>,
  problems: Problem[],
): Located {
  switch (located.kind) {
    case 'list':
      return { ...located, items: located.items.map((item) => interpolate(item, environment, problems)) };
    case 'map':
      return map(
        located.origin,
        [...located.entries].map(([key, { keyOrigin, value }]) => [
          key,
          { keyOrigin, value: interpolate(value, environment, problems) },
        ]),
      );
    case 'scalar': {
      if (typeof located.value !== 'string' || !located.value.includes('${env:')) return located;
      const written = located.value;
      const value = written.replaceAll(REFERENCE, (match, name: string) => {
        if (match.startsWith('$$')) return match.slice(1);
        const found = environment[name];
        if (found !== undefined) return found;
        problems.push({
          code: 'CONFIG_VARIABLE_UNSET',
          message: `Environment variable "${name}" is not set`,
          fix: `set it, or write the value in place of "${match}"`,
          origin: originText(located.origin),
        });
        return '';
      });
      return value === written ? located : { ...located, value, written };
    }
  }
}
