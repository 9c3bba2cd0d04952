import { readFileSync } from 'node:fs';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { EpinioError, messageOf } from '@epinio/core';
import type { CommandContext, Options } from '../command.ts';
import { textOption } from '../command.ts';

/** The published client settings; `pass` is held in clear here and base64 in the file. */
export interface Settings {
  readonly namespace: string;
  readonly appchart: string;
  readonly user: string;
  readonly pass: string;
  readonly api: string;
  readonly wss: string;
  /** PEM of the authority to trust. */
  readonly certs: string;
  readonly colors: boolean;
}

const DEFAULTS: Settings = {
  namespace: 'workspace',
  appchart: '',
  user: '',
  pass: '',
  api: '',
  wss: '',
  certs: '',
  colors: true,
};

/** Where the settings are: flag, `EPINIO_SETTINGS` (by the flag's default), else the user's config folder. */
export function settingsPath(context: CommandContext, options: Options): string {
  const given = textOption(options, 'settingsFile');
  if (given !== undefined) return given;
  const home = context.env['HOME'] ?? homedir();
  const macos = join(home, 'Library', 'Application Support');
  const config =
    context.env['XDG_CONFIG_HOME'] ?? (process.platform === 'darwin' ? macos : join(home, '.config'));
  return join(config, 'epinio', 'settings.yaml');
}

/** Reads the settings; an absent file gives the defaults. `EPINIO_<KEY>` variables win over the file. */
export async function readSettings(context: CommandContext, options: Options): Promise<Settings> {
  const file = await readFileSettings(settingsPath(context, options));
  const { env } = context;
  const text = (key: keyof Settings): string => {
    const value = env[`EPINIO_${key.toUpperCase()}`] ?? file[key];
    return typeof value === 'string' ? value : String(DEFAULTS[key]);
  };
  const pass =
    env['EPINIO_PASS'] ??
    Buffer.from(typeof file['pass'] === 'string' ? file['pass'] : '', 'base64').toString('utf8');
  const colors = env['EPINIO_COLORS'] ?? file['colors'];
  return {
    namespace: text('namespace'),
    appchart: text('appchart'),
    user: text('user'),
    pass,
    api: text('api'),
    wss: text('wss'),
    certs: text('certs'),
    colors: colors !== false && colors !== 'false',
  };
}

/**
 * Changes settings in the file and keeps every other key that is there, known to us or not.
 * The file holds a password, so it is made with mode 0600.
 */
export async function writeSettings(
  context: CommandContext,
  options: Options,
  changes: Partial<Settings>,
): Promise<string> {
  const path = settingsPath(context, options);
  const { pass, ...rest } = changes;
  const next = {
    ...DEFAULTS,
    ...(await readFileSettings(path)),
    ...rest,
    ...(pass === undefined ? {} : { pass: Buffer.from(pass, 'utf8').toString('base64') }),
  };
  const temporary = `${path}.${String(process.pid)}.tmp`;
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    await writeFile(temporary, `${JSON.stringify(next, null, 2)}\n`, { mode: 0o600 });
    await rename(temporary, path);
  } catch (cause) {
    await rm(temporary, { force: true });
    throw new EpinioError('SETTINGS_UNWRITABLE', `The settings "${path}" cannot be written`, {
      cause,
      fix: 'give another place with --settings-file or EPINIO_SETTINGS',
    });
  }
  return path;
}

async function readFileSettings(path: string): Promise<Record<string, unknown>> {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return {};
    throw new EpinioError('SETTINGS_UNREADABLE', `The settings "${path}" cannot be read`, { cause });
  }
  const json = parsedJson(text);
  if (json !== undefined) return json;
  const { parse } = await import('yaml');
  try {
    const value: unknown = parse(text);
    if (value === null) return {};
    if (typeof value === 'object' && !Array.isArray(value)) return value as Record<string, unknown>;
    throw new Error('it is not a YAML map');
  } catch (cause) {
    throw new EpinioError('SETTINGS_INVALID', `The settings "${path}" are not valid: ${messageOf(cause)}`, {
      fix: `mend the file, or remove it and run: epinio login URL`,
    });
  }
}

/** What this command has written is JSON, which is YAML too: it is read without a library. */
function parsedJson(text: string): Record<string, unknown> | undefined {
  try {
    return text.startsWith('{') ? (JSON.parse(text) as Record<string, unknown>) : undefined;
  } catch {
    return undefined; // YAML with a flow map, perhaps: the library tells
  }
}
