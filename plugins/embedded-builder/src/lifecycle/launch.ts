import { join } from 'node:path';
import { EXIT, LifecycleError } from './lifecycle-error.ts';
import { readToml } from './toml.ts';
import type { TomlReader } from './toml.ts';

/** A process definition of launch.toml. */
export interface LaunchProcess {
  readonly type: string;
  /** The program, and arguments that it always gets. */
  readonly command: readonly [string, ...string[]];
  /** Arguments that whoever starts the process may replace. */
  readonly args: readonly string[];
  readonly default: boolean;
  /** Absent: the application's folder. */
  readonly workingDirectory: string | undefined;
  readonly buildpack: string;
}

export interface Launch {
  readonly processes: readonly LaunchProcess[];
  readonly labels: ReadonlyMap<string, string>;
}

/** The launch.toml of one buildpack; empty when it wrote none. */
export function readLaunch(buildpackLayers: string, buildpack: string): Launch {
  const toml = readToml(join(buildpackLayers, 'launch.toml'), EXIT.build);
  if (toml === undefined) return { processes: [], labels: new Map() };
  const processes = toml.children('processes').map((entry) => readProcess(entry, buildpack, EXIT.build));
  const defaults = processes.filter((process) => process.default).map(({ type }) => type);
  if (defaults.length > 1) {
    throw new LifecycleError(
      EXIT.build,
      `Buildpack "${buildpack}" has several default processes: ${defaults.join(', ')}`,
    );
  }
  const labels = toml
    .children('labels')
    .map((label): [string, string] => [label.requiredString('key'), label.string('value') ?? '']);
  return { processes, labels: new Map(labels) };
}

/** One `[[processes]]` of launch.toml or of the build's metadata. */
export function readProcess(toml: TomlReader, buildpack: string, exitCode: number): LaunchProcess {
  const type = toml.requiredString('type');
  if (!/^[A-Za-z0-9._-]+$/.test(type) || /^\.+$/.test(type)) {
    throw new LifecycleError(
      exitCode,
      `Buildpack "${buildpack}" has a process type "${type}", which is no file name`,
    );
  }
  const [program, ...rest] = toml.strings('command');
  if (program === undefined) {
    throw new LifecycleError(exitCode, `Process "${type}" of buildpack "${buildpack}" has no command`);
  }
  return {
    type,
    command: [program, ...rest],
    args: toml.strings('args'),
    default: toml.boolean('default'),
    workingDirectory: toml.string('working-dir'),
    buildpack,
  };
}

/** Pure: later buildpacks override types and labels of earlier ones, in place. */
export function mergeLaunches(launches: readonly Launch[]): Launch {
  const processes = new Map<string, LaunchProcess>();
  const labels = new Map<string, string>();
  let lastDefault: string | undefined;
  for (const launch of launches) {
    for (const process of launch.processes) {
      processes.set(process.type, process);
      if (process.default) lastDefault = process.type;
      else if (process.type === lastDefault) lastDefault = undefined;
    }
    for (const [key, value] of launch.labels) labels.set(key, value);
  }
  const merged = [...processes.values()].map((process) => ({
    ...process,
    default: process.type === lastDefault,
  }));
  return { processes: merged, labels };
}

/**
 * The type that the image starts: the buildpacks' default, else "web", else the only one there is.
 * @returns undefined when nothing says which.
 */
export function defaultProcess(processes: readonly LaunchProcess[]): string | undefined {
  const chosen =
    processes.find((process) => process.default) ??
    processes.find(({ type }) => type === 'web') ??
    (processes.length === 1 ? processes[0] : undefined);
  return chosen?.type;
}
