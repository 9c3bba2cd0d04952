import { rm } from 'node:fs/promises';
import { EpinioError } from '@epinio/core';
import { runningServer, startInBackground, stopServer } from './background-server.ts';
import { savedInstallation } from './installation.ts';
import { readServerState, type ServerState } from './server-state.ts';

/** The embedded platform of a folder, running or not; undefined when there is none. */
export async function embeddedPlatform(dataDir: string): Promise<Pick<ServerState, 'api'> | undefined> {
  if ((await savedInstallation(dataDir)) === undefined) return undefined;
  return (await readServerState(dataDir)) ?? {};
}

/**
 * Removes the embedded platform: its processes, then its folder, which holds all it ever wrote. A platform
 * that was killed may have left applications running; it is started once more to end them.
 */
export async function uninstallEmbedded(dataDir: string, signal: AbortSignal): Promise<void> {
  if ((await runningServer(dataDir)) === undefined) {
    await startInBackground({ dataDir, signal }, 'cluster').catch((cause: unknown) => {
      throw new EpinioError(
        'UNINSTALL_INCOMPLETE',
        'The platform cannot be started to end its applications',
        {
          cause,
          fix: `end its processes by hand, then remove the folder "${dataDir}"`,
          fault: 'system',
        },
      );
    });
  }
  await stopServer({ dataDir, signal });
  await rm(dataDir, { recursive: true, force: true, maxRetries: 3 });
}
