import { CONTRACT_VERSION, type AnyPlugin } from '../kernel/plugin.ts';
import type { Problem } from '../kernel/problem.ts';

/** What is wrong with a value that should be a plugin for a contract; told by structure, never by class. */
export function pluginProblem(
  value: unknown,
  expected: { readonly use: string; readonly file: string; readonly contract: string },
): Omit<Problem, 'origin'> | undefined {
  const { use, file, contract } = expected;
  if (!isTagged(value)) {
    return {
      code: 'PLUGIN_INVALID',
      message: `"${use}" is not a plugin: the default export of ${file} was not made by definePlugin`,
      fix: 'name a package that exports an Epinio plugin as its default',
    };
  }
  const { contractVersion } = value;
  if (contractVersion !== CONTRACT_VERSION) {
    const isNewer = typeof contractVersion === 'number' && contractVersion > CONTRACT_VERSION;
    return {
      code: 'PLUGIN_CONTRACT_VERSION',
      message: `Plugin "${use}" speaks contract version ${String(contractVersion)}, this Epinio speaks version ${CONTRACT_VERSION}`,
      fix: isNewer
        ? 'update Epinio, or install an older version of the plugin'
        : 'install a newer version of the plugin',
    };
  }
  const broken = faults(value);
  if (broken.length > 0) {
    return {
      code: 'PLUGIN_INVALID',
      message: `Plugin "${use}" (${file}) lacks or misuses ${broken.map((field) => `"${field}"`).join(', ')}`,
      fix: 'tell its author to make it with definePlugin and to check it with testPlugin',
    };
  }
  const plugin = value as unknown as AnyPlugin;
  if (plugin.provides.id !== contract) {
    return {
      code: 'PLUGIN_WRONG_CONTRACT',
      message: `Plugin "${use}" provides "${plugin.provides.id}", but is used where "${contract}" is needed`,
      fix: `move it to the component it is made for, or choose one that provides "${contract}"`,
    };
  }
  return undefined;
}

type Loose = Readonly<Record<string, unknown>>;

function isTagged(value: unknown): value is Loose {
  return isObject(value) && value['$$type'] === 'epinio/plugin';
}

/** The fields that a plugin of this contract version has in a form that cannot work. */
function faults(plugin: Loose): string[] {
  const isFunction = (field: string): boolean => typeof plugin[field] === 'function';
  const provides = plugin['provides'];
  const config = plugin['config'];
  const sound: Readonly<Record<string, boolean>> = {
    id: typeof plugin['id'] === 'string' && plugin['id'] !== '',
    provides: isObject(provides) && typeof provides['id'] === 'string' && typeof provides['key'] === 'symbol',
    needs: isObject(plugin['needs']) && Object.values(plugin['needs']).every(isNeed),
    // zod 4's mark: the schema is read by its definition, and zod 3 has another.
    config: isObject(config) && typeof config['safeParse'] === 'function' && '_zod' in config,
    parts: isFunction('parts'),
    probes: isFunction('probes'),
    create: isFunction('create'),
    detect: plugin['detect'] === undefined || isFunction('detect'),
    run: plugin['run'] === undefined || isFunction('run'),
  };
  return Object.keys(sound).filter((field) => sound[field] === false);
}

function isNeed(need: unknown): boolean {
  if (!isObject(need)) return false;
  const wanted = need['optional'] ?? need;
  return isObject(wanted) && typeof wanted['id'] === 'string' && typeof wanted['key'] === 'symbol';
}

function isObject(value: unknown): value is Loose {
  return (typeof value === 'object' || typeof value === 'function') && value !== null;
}
