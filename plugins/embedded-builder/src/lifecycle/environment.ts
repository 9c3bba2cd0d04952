import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { delimiter as pathDelimiter, join } from 'node:path';

export type Environment = Readonly<Record<string, string>>;

/** One modification of a variable by a layer, in the order in which it applies. */
export interface EnvironmentChange {
  readonly variable: string;
  readonly action: 'override' | 'default' | 'append' | 'prepend';
  readonly value: string;
  /** Between the value that was there and the new one; only where both have text. */
  readonly delimiter: string;
}

/** Variables that hold search paths, with the folder of a layer that belongs on each. */
const LAYER_PATHS: Readonly<Record<'build' | 'launch', Readonly<Record<string, string>>>> = {
  build: {
    PATH: 'bin',
    LD_LIBRARY_PATH: 'lib',
    LIBRARY_PATH: 'lib',
    CPATH: 'include',
    PKG_CONFIG_PATH: 'pkgconfig',
  },
  launch: { PATH: 'bin', LD_LIBRARY_PATH: 'lib' },
};

/** Variables to which a user's value is prepended, where it would replace any other. */
export const PATH_VARIABLES: readonly string[] = Object.keys(LAYER_PATHS.build);

/**
 * What a layer does to the environment: its folders on the search paths, then the files of `env/`, of
 * `env.build/` or `env.launch/`, and of `env.launch/<process>/` (Buildpack Interface Specification, "Environment").
 */
export function layerChanges(
  layer: string,
  phase: 'build' | 'launch',
  process?: string,
): readonly EnvironmentChange[] {
  const paths = Object.entries(LAYER_PATHS[phase])
    .map(([variable, folder]) => ({ variable, value: join(layer, folder) }))
    .filter(({ value }) => existsSync(value))
    .map(({ variable, value }): EnvironmentChange => ({
      variable,
      action: 'prepend',
      value,
      delimiter: pathDelimiter,
    }));
  const folders = [join(layer, 'env'), join(layer, `env.${phase}`)];
  if (process !== undefined) folders.push(join(layer, `env.${phase}`, process));
  return [...paths, ...folders.flatMap((folder) => directoryChanges(folder, folders))];
}

/** The processes for which a layer has modifications of their own. */
export function processesWithChanges(layer: string): readonly string[] {
  const folder = join(layer, 'env.launch');
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort();
}

function directoryChanges(folder: string, allOfLayer: readonly string[]): readonly EnvironmentChange[] {
  return valueFiles(folder).flatMap((file) => {
    const dot = file.indexOf('.');
    const variable = dot === -1 ? file : file.slice(0, dot);
    const action = dot === -1 ? 'override' : file.slice(dot + 1);
    if (variable === '' || !isAction(action)) return [];
    const value = readFileSync(join(folder, file), 'utf8');
    return [{ variable, action, value, delimiter: delimiterOf(variable, folder, allOfLayer) }];
  });
}

/** A `.delim` file counts for its own folder first, and else for the whole layer. */
function delimiterOf(variable: string, folder: string, allOfLayer: readonly string[]): string {
  for (const candidate of [folder, ...allOfLayer]) {
    const file = join(candidate, `${variable}.delim`);
    if (existsSync(file)) return readFileSync(file, 'utf8');
  }
  return '';
}

function valueFiles(folder: string): readonly string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => entry.name)
    .sort();
}

function isAction(text: string): text is EnvironmentChange['action'] {
  return text === 'override' || text === 'default' || text === 'append' || text === 'prepend';
}

/** Pure: the environment after the changes, each in turn. An empty value counts as none. */
export function applyChanges(environment: Environment, changes: readonly EnvironmentChange[]): Environment {
  const result: Record<string, string> = { ...environment };
  for (const { variable, action, value, delimiter } of changes) {
    const before = result[variable] ?? '';
    if (action === 'default') {
      if (before === '') result[variable] = value;
    } else if (action === 'override' || before === '') {
      result[variable] = value;
    } else {
      result[variable] = action === 'append' ? before + delimiter + value : value + delimiter + before;
    }
  }
  return result;
}

/** The user's build environment: one file a variable in `<platform>/env`, as Kubernetes mounts a Secret. */
export function readPlatformEnvironment(platform: string): Environment {
  const folder = join(platform, 'env');
  if (!existsSync(folder)) return {};
  const names = readdirSync(folder).filter((name) => !name.startsWith('..'));
  return Object.fromEntries(names.sort().map((name) => [name, readFileSync(join(folder, name), 'utf8')]));
}

/** Pure: user-provided values replace others, and come first on search paths. */
export function withPlatformEnvironment(environment: Environment, platform: Environment): Environment {
  const result: Record<string, string> = { ...environment };
  for (const [variable, value] of Object.entries(platform)) {
    const before = result[variable] ?? '';
    const joins = PATH_VARIABLES.includes(variable) && before !== '';
    result[variable] = joins ? `${value}${pathDelimiter}${before}` : value;
  }
  return result;
}

/** Variables of the container that buildpacks may see. All else, such as PORT, is the platform's own. */
const INHERITED = [...PATH_VARIABLES, 'HOME', 'HOSTNAME', 'LANG', 'LC_ALL', 'TMPDIR', 'TZ'];

/** The environment that every buildpack starts from. */
export function baseEnvironment(container: Readonly<Record<string, string | undefined>>): Environment {
  const result: Record<string, string> = { CNB_EXEC_ENV: 'production' };
  for (const name of INHERITED) {
    const value = container[name];
    if (value !== undefined) result[name] = value;
  }
  return result;
}
