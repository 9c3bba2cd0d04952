import { lstatSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ServerState } from '../platform/server-state.ts';

/**
 * The socket of the platform in a data folder, when it is the one whose API is asked for and it is the user's own:
 * who else could make a file there gets no password. Undefined means the public way, by the API's address.
 */
export function localSocket(dataDir: string, api: string): string | undefined {
  try {
    // Read at once: there is nothing else that a command could do meanwhile.
    const state = JSON.parse(readFileSync(join(dataDir, 'server.json'), 'utf8')) as ServerState;
    if (state.phase !== 'ready' || state.api !== api || state.socket === undefined) return undefined;
    return lstatSync(state.socket).uid === process.getuid?.() ? state.socket : undefined;
  } catch {
    return undefined; // no platform here, or none that runs: whatever is wrong, the public way tells
  }
}
