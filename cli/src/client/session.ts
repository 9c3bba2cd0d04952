import { EpinioError } from '@epinio/core';
import type { CommandContext, Options } from '../command.ts';
import { flagOption, listOption, textOption } from '../command.ts';
import { readSettings, type Settings } from '../settings/settings-file.ts';
import { Api } from './api.ts';
import type { Connection } from './http.ts';
import { localSocket } from './local-socket.ts';
import { dataFolder } from '../platform/data-folder.ts';

/** A logged-in user at work: the settings, the API and the targeted namespace. */
export interface Session {
  readonly api: Api;
  readonly settings: Settings;
  readonly connection: Connection & { readonly wss: string };
}

/** Opens a session from the settings; fails with `SETTINGS_MISSING` when nobody has logged in. */
export async function openSession(context: CommandContext, options: Options): Promise<Session> {
  const settings = await readSettings(context, options);
  if (settings.api === '') {
    throw new EpinioError('SETTINGS_MISSING', 'Client settings not found: no Epinio server to talk to', {
      fix: 'epinio login URL, or install a platform on this machine with: epinio install --profile embedded',
    });
  }
  const wss = settings.wss === '' ? settings.api.replace(/^http/, 'ws') : settings.wss;
  const connection = {
    ...connectionOptions(options),
    api: settings.api,
    socket: localSocket(dataFolder(context, {}), settings.api),
    wss,
    user: settings.user,
    pass: settings.pass,
    certs: settings.certs,
  };
  return { settings, connection, api: new Api(connection, context.signal, timeoutMultiplier(options)) };
}

/** Runs `work` in a session and closes it. */
export async function withSession<T>(
  context: CommandContext,
  options: Options,
  work: (session: Session) => Promise<T>,
): Promise<T> {
  const session = await openSession(context, options);
  try {
    return await work(session);
  } finally {
    session.api.close();
  }
}

/** The targeted namespace; fails with `TARGET_MISSING` when there is none. */
export function targetOf({ settings }: Session): string {
  if (settings.namespace !== '') return settings.namespace;
  throw new EpinioError('TARGET_MISSING', 'No namespace is targeted', { fix: 'epinio target NAMESPACE' });
}

/** What the global flags say of connections. */
export function connectionOptions(options: Options): Pick<Connection, 'skipVerification' | 'headers'> {
  const headers: Record<string, string> = {};
  for (const header of listOption(options, 'header') ?? []) {
    const [, name, value] = /^([^:\s]+):\s*(.*)$/.exec(header) ?? [];
    if (name === undefined || value === undefined) {
      throw new EpinioError('USAGE_WRONG', `Bad --header "${header}"`, { fix: 'write it as "Name: value"' });
    }
    headers[name] = value;
  }
  return { headers, skipVerification: flagOption(options, 'skipSslVerification') };
}

export function timeoutMultiplier(options: Options): number {
  const text = textOption(options, 'timeoutMultiplier') ?? '1';
  const value = Number(text);
  if (Number.isFinite(value) && value > 0) return value;
  throw new EpinioError('USAGE_WRONG', `Bad --timeout-multiplier "${text}"`, {
    fix: 'give a number above 0',
  });
}
