import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * How far the server of a data folder has come: `cluster` when the Kubernetes API answers, so that an
 * install can go on, `ready` when applications can be pushed.
 */
export interface ServerState {
  readonly pid: number;
  readonly phase: 'starting' | 'cluster' | 'ready' | 'stopping';
  /** Where the API is reached from outside, once ready. */
  readonly api?: string;
  /** Where commands of the same user reach it, once ready. */
  readonly socket?: string;
}

const FILE = 'server.json';

/** Written by the server alone, atomically; a state of a dead pid says nothing. */
export async function writeServerState(dataDir: string, state: ServerState): Promise<void> {
  const temporary = join(dataDir, `${FILE}.${String(state.pid)}.tmp`);
  await writeFile(temporary, JSON.stringify(state), { mode: 0o600 });
  await rename(temporary, join(dataDir, FILE));
}

/** @returns undefined when no server has been started in the folder. */
export async function readServerState(dataDir: string): Promise<ServerState | undefined> {
  try {
    return JSON.parse(await readFile(join(dataDir, FILE), 'utf8')) as ServerState;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
