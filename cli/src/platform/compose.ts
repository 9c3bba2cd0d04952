import { createInformers, createPlatform, derive, provide } from '@epinio/core';
import {
  clock,
  cluster,
  commands,
  dataDirectory,
  environment,
  informers,
  kube,
  kubeConnector,
  listenPorts,
  log,
  settings,
  type Environment,
  type Installation,
  type Log,
  type Platform,
} from '@epinio/core';
import {
  createClock,
  createCommands,
  createDataDirectory,
  createKube,
  createListenPorts,
} from '@epinio/core/adapters';

export interface CompositionOptions {
  readonly installation: Installation;
  /** Absolute; the folder of the embedded platform. */
  readonly dataDir: string;
  /** False: that folder is made only when a component asks for a place in it. Default true. */
  readonly keepsFiles?: boolean;
  readonly log: Log;
  /** Of the command: KUBECONFIG, proxies. */
  readonly environment: Environment;
  readonly signal: AbortSignal;
}

/** Puts the platform together: the chosen plugins, and the adapters behind core's ports. Nothing runs yet. */
export async function composePlatform(options: CompositionOptions): Promise<Platform> {
  const { installation, dataDir, keepsFiles = true, signal } = options;
  const systemClock = createClock();
  return createPlatform({
    plugins: installation.plugins,
    signal,
    ports: [
      provide(clock, systemClock),
      provide(commands, createCommands()),
      provide(
        dataDirectory,
        keepsFiles
          ? createDataDirectory(dataDir)
          : { path: (owner) => createDataDirectory(dataDir).path(owner) },
      ),
      provide(environment, options.environment),
      provide(kubeConnector, (connection) => createKube(connection)),
      provide(listenPorts, createListenPorts(dataDir)),
      provide(log, options.log),
      provide(settings, installation.loaded.settings),
    ],
    derive: [
      derive({
        provides: kube,
        needs: { cluster },
        make: async (needs) => createKube(await needs.cluster.connection()),
      }),
      derive({
        provides: informers,
        needs: { kube },
        make: (needs) => createInformers(needs.kube, { log: options.log, clock: systemClock }),
      }),
    ],
  });
}
