import { cluster, createPluginHost, informers, kube, readRecord, settings, type Log } from '@epinio/core';
import {
  EpinioError,
  type Environment,
  type Installation,
  type Platform,
  type PlatformNode,
  type PluginHost,
} from '@epinio/core';
import { startServer, type EpinioServer } from '@epinio/core/api';
import { acquireServerLock } from '@epinio/core/adapters';
import { version } from '../version.ts';
import { composePlatform } from './compose.ts';
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

/** How long a component may take to be installed while the server waits for it. */
const INSTALL_TIMEOUT_MS = 10 * 60_000;

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
  await host.startAll({ before: (node) => installed(platform, node, signal) });
  log.info('Components are up');
  return startServer(platform, { version, timeoutMultiplier });
}

/** Waits until the installer has put the component into the cluster; its loop may be what makes it ready. */
async function installed(platform: Platform, node: PlatformNode, signal: AbortSignal): Promise<void> {
  if (node.plugin === undefined || node.plugin.provides.id === cluster.id) return;
  const { namespace } = platform.get(settings);
  const api = await platform.open(kube);
  const isInstalled = async (): Promise<boolean> => {
    const record = await readRecord(api, namespace, signal);
    return record?.components.some(({ id, state }) => id === node.name && state !== 'pending') ?? false;
  };
  if (await isInstalled()) return;
  const changes = (await platform.open(informers)).open({ apiVersion: 'v1', kind: 'ConfigMap', namespace });
  await new Promise<void>((resolve, reject) => {
    const end = (settle: () => void): void => {
      unsubscribe();
      clearTimeout(timer);
      settle();
    };
    const look = (): void => {
      isInstalled().then(
        (done) => {
          if (done) end(resolve);
        },
        (error: unknown) => end(() => reject(error)),
      );
    };
    const unsubscribe = changes.subscribe(look);
    const timer = setTimeout(() => {
      const message = `Component "${node.name}" was not installed within ${INSTALL_TIMEOUT_MS / 60_000} minutes`;
      end(() =>
        reject(new EpinioError('INSTALL_INCOMPLETE', message, { fix: 'epinio install', fault: 'system' })),
      );
    }, INSTALL_TIMEOUT_MS);
    signal.addEventListener('abort', () => end(() => reject(signal.reason)), { once: true });
    look();
  });
}

function aborted(signal: AbortSignal): Promise<undefined> {
  if (signal.aborted) return Promise.resolve(undefined);
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(undefined), { once: true }));
}
