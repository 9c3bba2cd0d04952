import {
  cluster,
  createPluginHost,
  EpinioError,
  type Environment,
  type Installation,
  type Log,
  type Platform,
  type PluginHost,
} from '@epinio/core';
import { startServer, type EpinioServer } from '@epinio/core/api';
import { acquireServerLock } from '@epinio/core/adapters';
import { version } from '../version.ts';
import { composePlatform } from './compose.ts';
import { installedComponents } from './installed-components.ts';
import { listenLocally, type LocalDoor } from './listen-locally.ts';
import { writeServerState } from './server-state.ts';

export interface ServeOptions {
  readonly installation: Installation;
  readonly dataDir: string;
  readonly log: Log;
  /** Of the command. */
  readonly environment: Environment;
  readonly signal: AbortSignal;
  /** Scales the waits for stagings, deployments and deletions. */
  readonly timeoutMultiplier: number;
}

/**
 * The server of an embedded platform: starts the cluster, then each component as soon as it is installed,
 * then the API. Runs until the signal is aborted, and stops in the reverse order.
 */
export async function serve(options: ServeOptions): Promise<void> {
  const { installation, dataDir, environment, log, signal } = options;
  await using _lock = await acquireServerLock(dataDir);
  const { pid } = process;
  await writeServerState(dataDir, { pid, phase: 'starting' });
  // A stop is asked of each part in its turn, so the parts do not hear the signal itself.
  const abandoned = new AbortController();
  await using platform = await composePlatform({
    installation,
    dataDir,
    environment,
    log,
    signal: abandoned.signal,
  });
  const host = createPluginHost(platform, { log, signal: abandoned.signal, stopTimeoutMs: 30_000 });
  let server: EpinioServer | undefined;
  let door: LocalDoor | undefined;
  try {
    await host.start(cluster);
    await writeServerState(dataDir, { pid, phase: 'cluster' });
    log.info('Cluster is up');
    server = await Promise.race([startPlatform(platform, host, options), aborted(signal), host.failed]);
    if (server === undefined) return;
    door = await listenLocally(dataDir, server.port);
    await writeServerState(dataDir, {
      pid,
      phase: 'ready',
      api: server.url,
      ...(door.path === undefined ? {} : { socket: door.path }),
    });
    log.info('Ready', { url: server.url });
    await Promise.race([aborted(signal), host.failed]);
  } finally {
    await writeServerState(dataDir, { pid, phase: 'stopping' });
    log.info('Stopping');
    await server?.close();
    await door?.[Symbol.asyncDispose]();
    await host.stop();
    abandoned.abort(new EpinioError('STOPPED', 'The server has stopped'));
    log.info('Stopped');
  }
}

async function startPlatform(
  platform: Platform,
  host: PluginHost,
  { log, signal, timeoutMultiplier }: ServeOptions,
): Promise<EpinioServer> {
  await host.startAll({ before: await installedComponents(platform, signal) });
  log.info('Components are up');
  return startServer(platform, { version, timeoutMultiplier });
}

function aborted(signal: AbortSignal): Promise<undefined> {
  if (signal.aborted) return Promise.resolve(undefined);
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(undefined), { once: true }));
}
