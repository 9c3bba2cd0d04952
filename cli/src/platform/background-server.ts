import { spawn, type ChildProcess } from 'node:child_process';
import { mkdir, open, readFile, rename, rm, rmdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { EpinioError } from '@epinio/core';
import { readServerLock } from '@epinio/core/adapters';
import { readServerState, type ServerState } from './server-state.ts';

const START_TIMEOUT_MS = 60_000;
const STOP_TIMEOUT_MS = 60_000;
const POLL_MS = 15;
const LAST_LINES = 12;
/** Bytes; a log that is longer when the server starts is put aside, in the place of the one before. */
const LONG_LOG = 16 * 1024 ** 2;

export interface BackgroundServer {
  /** Absolute. */
  readonly dataDir: string;
  readonly signal: AbortSignal;
}

/** The log of the server that runs in the background. */
export function serverLog(dataDir: string): string {
  return join(dataDir, 'server.log');
}

/** The state of the running server; undefined when none runs in the folder. */
export async function runningServer(dataDir: string): Promise<ServerState | undefined> {
  const lock = await readServerLock(dataDir);
  if (lock === undefined) return undefined;
  const state = await readServerState(dataDir);
  return state?.pid === lock.pid ? state : { pid: lock.pid, phase: 'starting' };
}

/** A server in the background that has loaded its code, and waits to be told to begin. */
export interface StandbyServer {
  /** Lets it begin; from then on it is a server as any other. */
  readonly begin: () => StartedProcess;
  /** Ends it, and removes the folder and the log that were made for it. */
  readonly dismiss: () => Promise<void>;
}

interface StartedProcess {
  readonly ended: () => boolean;
}

/**
 * Makes a server stand by for a data folder, so that it loads its code while there is something else to do. It ends
 * with the process that calls this. @returns undefined where a server runs already, or the folder cannot be written
 */
export async function standBy(dataDir: string): Promise<StandbyServer | undefined> {
  if ((await runningServer(dataDir)) !== undefined) return undefined;
  const made = await mkdir(dataDir, { recursive: true, mode: 0o700 }).catch(() => undefined);
  const process = await spawnServer(dataDir, ['--standby']).catch(() => undefined);
  if (process === undefined) return undefined; // what is wrong is found, and told, when the folder is used
  const { child, ended } = process;
  child.stdin?.on('error', () => undefined); // a process that ended says so by `ended`
  return {
    begin: () => {
      child.stdin?.end('begin\n');
      return { ended };
    },
    dismiss: async () => {
      child.stdin?.end();
      if (made === undefined) return;
      await rm(serverLog(dataDir), { force: true });
      await rmdir(dataDir).catch(() => undefined); // something else has come into it
    },
  };
}

/**
 * Starts the server of a data folder in the background, unless it runs already, and waits until it has
 * reached a phase. A server that ends instead fails with `SERVER_START_FAILED` and its last log lines.
 */
export async function startInBackground(
  server: BackgroundServer,
  until: 'cluster' | 'ready',
  standby?: StandbyServer,
): Promise<ServerState> {
  const { dataDir } = server;
  const running = await runningServer(dataDir);
  if (running?.phase === 'stopping') await waitForEnd(server, running.pid);
  const child =
    running === undefined || running.phase === 'stopping'
      ? (standby?.begin() ?? (await spawnServer(dataDir)))
      : undefined;
  const reached = until === 'cluster' ? ['cluster', 'ready'] : ['ready'];
  return poll(server, START_TIMEOUT_MS, async () => {
    const state = await runningServer(dataDir);
    if (state !== undefined && reached.includes(state.phase)) return state;
    if (child !== undefined ? child.ended() : state === undefined) throw await startFailure(dataDir);
    return undefined;
  }).catch(async (error: unknown) => {
    if (!(error instanceof Deadline)) throw error;
    throw await startFailure(
      dataDir,
      `The server was not ${until === 'ready' ? 'ready' : 'up'} within ${START_TIMEOUT_MS / 1000} s`,
    );
  });
}

/** Stops the server gracefully and waits until it has ended. @returns false when none ran. */
export async function stopServer(server: BackgroundServer): Promise<boolean> {
  const running = await runningServer(server.dataDir);
  if (running === undefined) return false;
  process.kill(running.pid, 'SIGTERM');
  await waitForEnd(server, running.pid);
  return true;
}

async function waitForEnd(server: BackgroundServer, pid: number): Promise<void> {
  await poll(server, STOP_TIMEOUT_MS, async () =>
    (await runningServer(server.dataDir))?.pid === pid ? undefined : true,
  ).catch((error: unknown) => {
    if (!(error instanceof Deadline)) throw error;
    throw new EpinioError(
      'SERVER_STOP_TIMEOUT',
      `The server (process ${pid}) did not end within ${STOP_TIMEOUT_MS / 1000} s`,
      {
        fix: `look into ${serverLog(server.dataDir)}, then: kill -9 ${pid}`,
        fault: 'system',
      },
    );
  });
}

async function spawnServer(
  dataDir: string,
  flags: readonly string[] = [],
): Promise<StartedProcess & { readonly child: ChildProcess }> {
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  const path = serverLog(dataDir);
  const { size } = await stat(path).catch(() => ({ size: 0 })); // the first start has none
  if (size > LONG_LOG) await rename(path, `${path}.1`);
  const log = await open(path, 'a', 0o600);
  try {
    const [command = ''] = process.argv.slice(1);
    const args = [...process.execArgv, command, 'server', '--data-dir', dataDir, ...flags];
    const child = spawn(process.execPath, args, {
      detached: true,
      stdio: [flags.length === 0 ? 'ignore' : 'pipe', log.fd, log.fd],
      cwd: dataDir,
    });
    let hasEnded = false;
    child.on('exit', () => (hasEnded = true));
    child.on('error', () => (hasEnded = true));
    child.unref();
    return { child, ended: () => hasEnded };
  } finally {
    await log.close();
  }
}

async function startFailure(
  dataDir: string,
  message = 'The server ended while it was starting',
): Promise<EpinioError> {
  const text = await readFile(serverLog(dataDir), 'utf8').catch(() => '');
  const details = text.trimEnd().split('\n').slice(-LAST_LINES).map(plain);
  return new EpinioError('SERVER_START_FAILED', message, {
    details,
    fix: `see the whole log in ${serverLog(dataDir)}`,
    fault: 'system',
  });
}

/** The message of a structured log line, or the line as it is. */
function plain(line: string): string {
  try {
    const { msg, error, fix } = JSON.parse(line) as { msg?: string; error?: string; fix?: string };
    return [msg, error, fix === undefined ? undefined : `fix: ${fix}`]
      .filter((part) => part !== undefined)
      .join(': ');
  } catch {
    return line; // not the log's: a crash of Node.js itself
  }
}

class Deadline extends Error {}

async function poll<T>(
  { signal }: BackgroundServer,
  timeoutMs: number,
  look: () => Promise<T | undefined>,
): Promise<T> {
  const end = Date.now() + timeoutMs;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    signal.throwIfAborted();
    if (Date.now() > end) throw new Deadline();
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}
