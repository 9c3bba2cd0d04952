import { EpinioError, type Container } from '@epinio/core';
import type { UnpackedImage } from '../image/image-folder.ts';
import { expandVariables } from '../spec/expand.ts';

const DEFAULT_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/**
 * Program and arguments: `command` replaces the image's entrypoint and, with it, the image's default arguments;
 * `args` replaces those alone. Fails with `COMMAND_MISSING`.
 */
export function containerArgv(
  { command, args, image }: Container,
  { config }: UnpackedImage,
  variables: ReadonlyMap<string, string>,
): readonly string[] {
  const entrypoint = command ?? config.Entrypoint ?? [];
  const rest = args ?? (command === undefined ? (config.Cmd ?? []) : []);
  const own = (words: readonly string[]): string[] => words.map((word) => expandVariables(word, variables));
  const argv = [
    ...(command === undefined ? entrypoint : own(entrypoint)),
    ...(args === undefined ? rest : own(rest)),
  ];
  if (argv.length === 0) {
    throw new EpinioError(
      'COMMAND_MISSING',
      `no command specified: image "${image ?? ''}" has none, and the container neither`,
    );
  }
  return argv;
}

/** The whole environment: what every container has, then the image's, then the container's own. */
export function containerEnv(
  { config, root, portVariables = [] }: UnpackedImage,
  variables: ReadonlyMap<string, string>,
  {
    hostname,
    nodeBin,
    hostFolders,
  }: { readonly hostname: string; readonly nodeBin: string; readonly hostFolders: readonly string[] },
): Readonly<Record<string, string>> {
  const env: Record<string, string> = { PATH: DEFAULT_PATH, HOSTNAME: hostname };
  for (const entry of config.Env ?? []) {
    const equals = entry.indexOf('=');
    if (equals > 0) env[entry.slice(0, equals)] = entry.slice(equals + 1);
  }
  const port = variables.get('PORT');
  for (const name of port === undefined ? [] : portVariables) env[name] = port ?? '';
  for (const [name, value] of variables) env[name] = value;
  if (!root.hasSystem) {
    // Such an image relies on the host's programs, and the Node.js that runs the platform is there for sure.
    env['PATH'] = [...new Set([nodeBin, ...(env['PATH'] ?? '').split(':'), ...hostFolders])].join(':');
    env['HOME'] ??= '/home/app';
  }
  return env;
}
