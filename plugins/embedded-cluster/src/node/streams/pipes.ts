import { execFile } from 'node:child_process';
import { chownSync, closeSync, constants, mkdirSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import { Socket } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { RemoteProcess, StreamSelection, TerminalSize } from '../../api/node-access.ts';

/** The streams of a process that is about to start: its ends and ours. */
export interface OpenStreams {
  /** Words before the command. */
  readonly prefix: readonly string[];
  /** stdin, stdout and stderr of the process. */
  readonly descriptors: readonly ('ignore' | number)[];
  readonly own: Pick<RemoteProcess, 'stdin' | 'stdout' | 'stderr'>;
  readonly resize: (size: TerminalSize) => void;
  /** The process has its ends, or will not have them: they are closed here. */
  handedOver(): void;
  /** The process has ended; what it wrote can still be read. */
  ended(): void;
  /** Nobody wants them any more. */
  destroy(): void;
}

const { O_NONBLOCK, O_RDONLY, O_RDWR, O_WRONLY } = constants;

/**
 * Named pipes, since Node.js connects processes with sockets, and those cannot be opened by name (/dev/stdout).
 * @param folder for their names, which are gone when this resolves
 * @param owner the user that the process runs as, who may open them
 */
export async function openPipes(
  wanted: StreamSelection,
  folder: string,
  owner: number | undefined,
): Promise<OpenStreams> {
  mkdirSync(folder, { recursive: true, mode: 0o711 });
  const own = mkdtempSync(join(folder, 'pipes-'));
  const names = (['stdin', 'stdout', 'stderr'] as const).filter((name) => wanted[name]);
  try {
    const paths = names.map((name) => join(own, name));
    await promisify(execFile)('mkfifo', ['-m', '600', ...paths]);
    if (owner !== undefined) for (const path of paths) chownSync(path, owner, owner);
    const pairs = new Map(
      names.map((name) => [name, openPair(join(own, name), name === 'stdin' ? 'write' : 'read')]),
    );
    const socket = (name: 'stdin' | 'stdout' | 'stderr'): Socket | undefined => pairs.get(name)?.own;
    const sockets = names.flatMap((name) => socket(name) ?? []);
    return {
      prefix: [],
      descriptors: (['stdin', 'stdout', 'stderr'] as const).map((name) => pairs.get(name)?.other ?? 'ignore'),
      own: Object.fromEntries(names.map((name) => [name, socket(name)])),
      resize: () => undefined,
      handedOver() {
        for (const { other } of pairs.values()) closeSync(other);
      },
      ended: () => socket('stdin')?.destroy(),
      destroy() {
        for (const each of sockets) each.destroy();
      },
    };
  } finally {
    rmSync(own, { recursive: true, force: true });
  }
}

/** Both ends of a named pipe; ours as a socket that reads or writes. */
function openPair(
  path: string,
  direction: 'read' | 'write',
): { readonly own: Socket; readonly other: number } {
  const both = openSync(path, O_RDWR | O_NONBLOCK); // neither end has to wait for the other
  const ours = openSync(path, (direction === 'read' ? O_RDONLY : O_WRONLY) | O_NONBLOCK);
  const other = openSync(path, direction === 'read' ? O_WRONLY : O_RDONLY);
  closeSync(both);
  const own = new Socket({ fd: ours, readable: direction === 'read', writable: direction === 'write' });
  own.on('error', () => undefined); // a process that has gone shows in its exit
  return { own, other };
}
