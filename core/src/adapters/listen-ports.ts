import { randomInt } from 'node:crypto';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { EpinioError } from '../kernel/errors.ts';
import type { ListenPorts } from '../ports/listen-ports.ts';
import { hasErrno } from './errno.ts';
import { isKeptByAnother, keepPort } from './kept-ports.ts';
import { type Lock, tryLock } from './lock-folder.ts';
import { portHolder } from './port-holder.ts';
import { portInUse } from './port-in-use.ts';
import { reservePort } from './port-reservation.ts';
import { readServerLock } from './server-lock.ts';

const FILE = 'ports.json';
const LOCK_TIMEOUT_MS = 10_000;
/** Below the ports that systems give to outgoing connections, one of which could have ours after a restart. */
const [FIRST_RANDOM, LAST_RANDOM] = [10_240, 32_767];
const RANDOM_ATTEMPTS = 100;

type Claims = Readonly<Record<string, number>>;

/** `ListenPorts` that remembers its claims in `ports.json` of a data folder, safely among processes. */
export function createListenPorts(dataDirectory: string): ListenPorts {
  const file = join(dataDirectory, FILE);
  let last: Promise<unknown> = Promise.resolve();
  return {
    claim(name, preferred, { exact = false } = {}) {
      const claimed = last.then(async () => {
        const remembered = (await readClaims(file))[name];
        // The common case takes no lock.
        if (remembered !== undefined && !exact) {
          await keepPort(remembered, file);
          return remembered;
        }
        const turn = await takeTurn(dataDirectory);
        try {
          const claims = await readClaims(file);
          const port = exact
            ? await exactPort(dataDirectory, claims, name, preferred)
            : (claims[name] ?? (await firstPort(claims, preferred, file)));
          if (claims[name] !== port) await writeClaims(file, { ...claims, [name]: port });
          await keepPort(port, file);
          return port;
        } finally {
          await turn.release();
        }
      });
      // The next claim of this process waits for this one, whether it fails or not.
      last = claimed.catch(() => undefined);
      return claimed;
    },
  };
}

async function firstPort(claims: Claims, preferred: number, file: string): Promise<number> {
  const taken = new Set(Object.values(claims));
  const isFree = async (port: number): Promise<boolean> =>
    !taken.has(port) && !(await isKeptByAnother(port, file)) && (await listens(port)) !== undefined;
  // 0 is no port but a wish for any. Of random ports none is reserved: two platforms hardly meet there.
  if (preferred !== 0 && (await isFree(preferred)) && (await reservePort(preferred))) return preferred;
  for (let attempt = 0; attempt < RANDOM_ATTEMPTS; attempt += 1) {
    const port = randomInt(FIRST_RANDOM, LAST_RANDOM + 1);
    if (await isFree(port)) return port;
  }
  throw new EpinioError(
    'PORT_NONE',
    `No free TCP port was found on 127.0.0.1 from ${FIRST_RANDOM} to ${LAST_RANDOM}`,
    {
      status: 503,
    },
  );
}

async function exactPort(
  dataDirectory: string,
  claims: Claims,
  name: string,
  wanted: number,
): Promise<number> {
  const [other] = Object.entries(claims).find(([key, port]) => port === wanted && key !== name) ?? [];
  if (other !== undefined) {
    throw new EpinioError(
      'PORT_IN_USE',
      `Port ${wanted}, wanted for "${name}", is the platform's own port for "${other}"`,
      {
        fix: `Set another port for "${name}" or "${other}" in the config file`,
      },
    );
  }
  if ((await listens(wanted)) !== undefined) return wanted;
  const holder = await portHolder(wanted);
  // The server of this folder may be what listens there: then the claim only says so once more.
  const isOurs =
    holder?.pid === process.pid ||
    (holder !== undefined && holder.pid === (await readServerLock(dataDirectory))?.pid);
  if (isOurs && claims[name] === wanted) return wanted;
  throw await portInUse(wanted, `"${name}"`);
}

/** @returns the port when one can listen on it now; undefined when it is taken or not allowed. */
async function listens(port: number): Promise<number | undefined> {
  const server = createServer();
  try {
    return await new Promise<number>((resolve, reject) => {
      server.once('error', reject);
      server.listen({ port, host: '127.0.0.1', exclusive: true }, () =>
        resolve((server.address() as AddressInfo).port),
      );
    });
  } catch (error) {
    if (hasErrno(error, 'EADDRINUSE', 'EACCES')) return undefined;
    throw error;
  } finally {
    if (server.listening) await new Promise((resolve) => server.close(resolve));
  }
}

async function readClaims(file: string): Promise<Claims> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as Claims;
  } catch (error) {
    if (hasErrno(error, 'ENOENT')) return {};
    if (!(error instanceof SyntaxError)) throw error;
    throw new EpinioError('PORTS_INVALID', `The file "${file}" is no JSON`, {
      fix: 'Remove it; ports are then chosen anew',
      cause: error,
    });
  }
}

async function writeClaims(file: string, claims: Claims): Promise<void> {
  const draft = `${file}.${process.pid}`;
  await writeFile(draft, `${JSON.stringify(claims, undefined, 2)}\n`, { mode: 0o600, flush: true });
  await rename(draft, file);
}

async function takeTurn(dataDirectory: string): Promise<Lock> {
  const end = Date.now() + LOCK_TIMEOUT_MS;
  for (;;) {
    const result = await tryLock(join(dataDirectory, 'locks'), 'ports', Date.now());
    if ('release' in result) return result;
    if (Date.now() > end) {
      const message = `Process ${result.pid} has kept the ports of "${dataDirectory}" for ${LOCK_TIMEOUT_MS / 1000} s`;
      throw new EpinioError('PORTS_LOCKED', message, { fix: `Stop process ${result.pid}`, status: 503 });
    }
    await delay(5 + Math.random() * 20);
  }
}
