import { chmod, rm } from 'node:fs/promises';
import { connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';

const FILE = 'api.sock';
/** What the shortest of the systems' address structures holds (macOS, sun_path), with the end. */
const MAX_PATH_BYTES = 103;

export interface LocalDoor extends AsyncDisposable {
  /** Absolute; undefined where there can be none, and commands go the public way. */
  readonly path: string | undefined;
}

/**
 * A socket in the data folder that leads to the API on a port of this machine. The folder's owner alone can
 * connect, so commands of theirs need no encryption, which takes longer to set up than most of them run.
 */
export async function listenLocally(dataDir: string, port: number): Promise<LocalDoor> {
  const path = join(dataDir, FILE);
  if (process.platform === 'win32' || Buffer.byteLength(path) > MAX_PATH_BYTES) {
    return { path: undefined, [Symbol.asyncDispose]: () => Promise.resolve() };
  }
  const open = new Set<Socket>();
  const door = createServer({ allowHalfOpen: true }, (incoming) => {
    const api = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    for (const [one, other] of [
      [incoming, api],
      [api, incoming],
    ] as const) {
      open.add(one);
      one.on('close', () => {
        open.delete(one);
        other.destroy();
      });
      one.on('error', () => undefined); // its close is what the other side hears of
      one.pipe(other);
    }
  });
  await rm(path, { force: true }); // of a server that was killed; the lock of the folder says that none runs
  await new Promise<void>((listening, failed) => {
    door.once('error', failed);
    door.listen({ path }, listening);
  });
  await chmod(path, 0o600);
  return {
    path,
    async [Symbol.asyncDispose]() {
      const closed = new Promise<void>((done) => void door.close(() => done()));
      for (const socket of open) socket.destroy();
      await closed;
    },
  };
}
