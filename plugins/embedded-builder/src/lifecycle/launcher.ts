import type { ProcessChanges } from './cache.ts';
import type { EnvironmentChange } from './environment.ts';
import { IMAGE_APP, splitAtImagePaths } from './image-paths.ts';
import type { LaunchProcess } from './launch.ts';

/** What a launcher needs to know. All paths are those inside the image. */
export interface LauncherOptions {
  readonly processes: readonly LaunchProcess[];
  /** Of each launch layer, in the order in which they apply. */
  readonly layers: readonly (readonly ProcessChanges[])[];
}

/** Exit code of the Platform Interface Specification for an error of the launcher itself. */
const LAUNCH_ERROR = 82;

/**
 * The program that starts an image's processes, as a POSIX shell script: a shell is there wherever a container
 * can run, starts in a millisecond, and everything else is known when the image is made. It is
 * `/cnb/lifecycle/launcher`; `/cnb/process/<type>` are links to it. It finds the image's folders from its own
 * place, so that an image also runs where it is unpacked and not mounted.
 */
export function launcherScript({ processes, layers }: LauncherOptions): string {
  const branches = processes.map((process) => [
    `${quote(process.type)})`,
    ...changesOf(layers, process.type).map(assignment),
    `cd ${path(process.workingDirectory ?? IMAGE_APP)} || exit ${LAUNCH_ERROR}`,
    ...(process.args.length === 0 ? [] : [`[ $# -gt 0 ] || set -- ${process.args.map(path).join(' ')}`]),
    `exec ${process.command.map(path).join(' ')} "$@"`,
    ';;',
  ]);
  return [
    '#!/bin/sh',
    '# Starts the processes of this image with the environment of its layers.',
    'case $0 in',
    '*/cnb/process/*) root=${0%/cnb/process/*} process=${0##*/} ;;',
    '*/cnb/lifecycle/launcher) root=${0%/cnb/lifecycle/launcher} process= ;;',
    `*) echo "launcher: \\"$0\\" is not in an image" >&2; exit ${LAUNCH_ERROR} ;;`,
    'esac',
    "case $root in '' | /*) ;; *) root=$PWD/$root ;; esac",
    'unset CNB_APP_DIR CNB_LAYERS_DIR CNB_PROCESS_TYPE',
    'case $process in',
    ...branches.flat(),
    "'')",
    ...changesOf(layers, undefined).map(assignment),
    `cd ${path(IMAGE_APP)} || exit ${LAUNCH_ERROR}`,
    '[ "${1-}" != -- ] || shift',
    '[ $# -gt 0 ] || { echo "launcher: no command" >&2; exit ' + `${LAUNCH_ERROR}; }`,
    'exec "$@"',
    ';;',
    `*) echo "launcher: there is no process \\"$process\\"" >&2; exit ${LAUNCH_ERROR} ;;`,
    'esac',
    '',
  ].join('\n');
}

function changesOf(
  layers: readonly (readonly ProcessChanges[])[],
  process: string | undefined,
): readonly EnvironmentChange[] {
  return layers
    .flat()
    .filter((entry) => entry.process === undefined || entry.process === process)
    .flatMap(({ changes }) => changes)
    .filter(({ variable }) => isShellName(variable));
}

/** Variables that a shell cannot set; a build says so when it meets one. */
export function isShellName(variable: string): boolean {
  return /^[A-Za-z_][A-Za-z0-9_]*$/.test(variable);
}

function assignment({ variable, action, value, delimiter }: EnvironmentChange): string {
  const text = path(value);
  const set = (words: string): string => `${variable}=${words}; export ${variable}`;
  const joined = (words: string): string =>
    `if [ -n "\${${variable}-}" ]; then ${set(words)}; else ${set(text)}; fi`;
  switch (action) {
    case 'override':
      return set(text);
    case 'default':
      return `[ -n "\${${variable}-}" ] || { ${set(text)}; }`;
    case 'append':
      return joined(`"$${variable}"${quote(delimiter)}${text}`);
    case 'prepend':
      return joined(`${text}${quote(delimiter)}"$${variable}"`);
  }
}

/** A value as one shell word, with the image's folders where the image is. */
function path(value: string): string {
  const [first = '', ...rest] = splitAtImagePaths(value);
  const words = [first === '' ? '' : quote(first), ...rest.map((piece) => `"$root"${quote(piece)}`)];
  if (/^\/(?:workspace|layers)(?:$|[\s:;,='"/])/.test(first)) words[0] = `"$root"${quote(first)}`;
  return words.join('') || "''";
}

function quote(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
