import {
  closeSync,
  constants,
  existsSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeSync,
} from 'node:fs';
import { copyFile } from 'node:fs/promises';

const BLOCK = 64 * 1024;

/** The file of generation `age`: 0 is the one that is written to, 1 the one before. */
export function rotatedFile(file: string, age: number): string {
  return age === 0 ? file : `${file}.${age}`;
}

/** The index file of a log file. */
export function indexFile(file: string): string {
  return `${file}.idx`;
}

/** How many older generations of a log there are. */
export function countRotated(file: string): number {
  let count = 0;
  while (existsSync(rotatedFile(file, count + 1))) count += 1;
  return count;
}

/**
 * Copies a log away and empties it; the writer has it open and goes on at the beginning. The bulk is copied
 * while it writes; only what came meanwhile is copied in one go with the truncation, which leaves a window of
 * microseconds in which a line can be lost. `swap` is called right after, before anything else can run.
 */
export async function copyTruncate(file: string, keep: number, swap: () => void): Promise<void> {
  const copy = `${file}.copy`;
  await copyFile(file, copy, constants.COPYFILE_FICLONE);
  rmSync(rotatedFile(file, keep), { force: true });
  rmSync(indexFile(rotatedFile(file, keep)), { force: true });
  for (let age = keep - 1; age >= 1; age--) {
    renameIfAny(rotatedFile(file, age), rotatedFile(file, age + 1));
    renameIfAny(indexFile(rotatedFile(file, age)), indexFile(rotatedFile(file, age + 1)));
  }
  appendRest(file, copy);
  renameSync(copy, rotatedFile(file, 1));
  truncateSync(file);
  renameIfAny(indexFile(file), indexFile(rotatedFile(file, 1)));
  swap();
}

/** Finishes a rotation that was killed between copy and truncation: otherwise its lines would be there twice. */
export function finishRotation(file: string): void {
  const previous = rotatedFile(file, 1);
  rmSync(`${file}.copy`, { force: true });
  const size = statSync(previous, { throwIfNoEntry: false })?.size;
  if (size === undefined || size === 0 || statSync(file).size < size || !sameBytes(file, previous, size))
    return;
  appendRest(file, previous);
  truncateSync(file);
  renameIfAny(indexFile(file), indexFile(previous));
}

function appendRest(from: string, to: string): void {
  const source = openSync(from, 'r');
  const target = openSync(to, 'a');
  try {
    const block = Buffer.alloc(BLOCK);
    for (let at = statSync(to).size; ;) {
      const count = readSync(source, block, 0, BLOCK, at);
      if (count === 0) return;
      writeSync(target, block, 0, count);
      at += count;
    }
  } finally {
    closeSync(source);
    closeSync(target);
  }
}

function sameBytes(a: string, b: string, size: number): boolean {
  const [first, second] = [openSync(a, 'r'), openSync(b, 'r')];
  try {
    const [left, right] = [Buffer.alloc(BLOCK), Buffer.alloc(BLOCK)];
    for (let at = 0; at < size; at += BLOCK) {
      const length = Math.min(BLOCK, size - at);
      readSync(first, left, 0, length, at);
      readSync(second, right, 0, length, at);
      if (left.compare(right, 0, length, 0, length) !== 0) return false;
    }
    return true;
  } finally {
    closeSync(first);
    closeSync(second);
  }
}

function renameIfAny(from: string, to: string): void {
  if (existsSync(from)) renameSync(from, to);
}
