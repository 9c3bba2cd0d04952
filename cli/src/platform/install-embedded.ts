import { mkdir } from 'node:fs/promises';
import { EpinioError, type Environment, type InstallEvent, type Installation } from '@epinio/core';
import { createDataDirectory } from '@epinio/core/adapters';
import { adminCredentials, type AdminCredentials } from './admin-credentials.ts';
import { runningServer, startInBackground, stopServer, type StandbyServer } from './background-server.ts';
import { savedInstallation, saveInstallation } from './installation.ts';

export interface EmbeddedInstall {
  readonly installation: Installation;
  /** Absolute. */
  readonly dataDir: string;
  /** Of the command. */
  readonly environment: Environment;
  readonly signal: AbortSignal;
  readonly onEvent: (event: InstallEvent) => void;
  /** Begins when the folder has its configuration. */
  readonly standby?: StandbyServer | undefined;
}

/** What a client needs to use the platform. */
export interface InstalledPlatform {
  readonly api: string;
  readonly admin: AdminCredentials;
  /** PEM of the authority to trust; undefined when it is a public one. */
  readonly ca: string | undefined;
}

/**
 * Installs on the embedded cluster of a folder: its server is started in the background, and what the
 * components need is put into its cluster while the server brings each of them up. Again, or after an
 * interruption, it goes on from what is there.
 */
export async function installEmbedded(options: EmbeddedInstall): Promise<InstalledPlatform> {
  const { dataDir, signal } = options;
  await mkdir(dataDir, { recursive: true, mode: 0o700 }).catch((cause: unknown) => {
    throw new EpinioError('DATA_DIRECTORY_DENIED', `The folder "${dataDir}" cannot be made`, {
      cause,
      fix: 'choose another with --data-dir or EPINIO_DATA_DIR',
    });
  });
  createDataDirectory(dataDir); // refuses a folder that is not writable, or from a newer version
  const admin = await adminCredentials(dataDir);
  await keepInstallation(options);
  // Whatever the cluster is to be given is made ready while the server comes up.
  const [install] = await Promise.all([
    import('./install-components.ts').then(({ prepareComponents }) => prepareComponents(options, admin)),
    startInBackground({ dataDir, signal }, 'cluster', options.standby),
  ]);
  return install();
}

/** Keeps the configuration; a server that runs with another one is stopped, to be started with the new one. */
async function keepInstallation({ installation, dataDir, signal }: EmbeddedInstall): Promise<void> {
  const before = await savedInstallation(dataDir);
  await saveInstallation(dataDir, installation);
  const changed = before !== undefined && before !== (await savedInstallation(dataDir));
  if (changed && (await runningServer(dataDir)) !== undefined) await stopServer({ dataDir, signal });
}
