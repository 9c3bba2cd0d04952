import { execFile } from 'node:child_process';
import { chownSync, closeSync, constants, openSync } from 'node:fs';
import { Socket } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';

const { O_NONBLOCK, O_WRONLY } = constants;

/** Makes what `openRunInput` opens: before the supervisor starts, which keeps it open. */
export async function makeRunInput(folder: string, owner: number | undefined): Promise<void> {
  const paths = ['stdin', 'stdin-open'].map((name) => join(folder, name));
  await promisify(execFile)('mkfifo', ['-m', '600', ...paths]);
  if (owner !== undefined) for (const path of paths) chownSync(path, owner, owner);
}

/** A way to the input of a run; undefined when it has none, or has closed it. Its end is not that of the input. */
export function openRunInput(folder: string): Socket | undefined {
  const descriptor = openWriter(join(folder, 'stdin'));
  if (descriptor === undefined) return undefined;
  const socket = new Socket({ fd: descriptor, readable: false, writable: true });
  socket.on('error', () => undefined); // a process that reads no more shows in its exit
  return socket;
}

/** Lets the input end as soon as nobody has it open; again is the same as once. */
export function closeRunInput(folder: string): void {
  const descriptor = openWriter(join(folder, 'stdin-open'));
  if (descriptor !== undefined) closeSync(descriptor);
}

/** Undefined when nobody reads there. */
function openWriter(path: string): number | undefined {
  try {
    return openSync(path, O_WRONLY | O_NONBLOCK);
  } catch (error) {
    if (error instanceof Error && 'code' in error && ['ENXIO', 'ENOENT'].includes(String(error.code)))
      return undefined;
    throw error;
  }
}
