import { constants, type BigIntStats } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { changed, sourceError } from './source-error.ts';

const ATTEMPTS = 3;
const CHUNK = 256 * 1024;
/** Never through a link, never waiting for the other end of a pipe that took the file's place. */
const READ = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** A file that is open for one read from start to end. */
export interface OpenFile {
  readonly size: number;
  readonly executable: boolean;
  /** Exactly `size` bytes, or `SOURCE_CHANGED`. */
  readonly content: AsyncIterable<Buffer>;
  close(): Promise<void>;
}

/** `name` is what errors call it. Fails with `SOURCE_CHANGED` or `SOURCE_UNREADABLE`. */
export async function openFile(path: string, name: string): Promise<OpenFile> {
  const file = await openPlain(path, name);
  try {
    const before = await file.stat({ bigint: true });
    if (!before.isFile()) throw changed(name);
    return {
      size: Number(before.size),
      executable: isExecutable(before),
      content: chunksOf(file, before, name),
      close: () => file.close(),
    };
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** The whole of a small file; undefined when it is larger than `most`. A change while reading is read again. */
export async function readSmallFile(
  path: string,
  name: string,
  most: number,
): Promise<{ readonly executable: boolean; readonly content: Buffer } | undefined> {
  const file = await openPlain(path, name);
  try {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const before = await file.stat({ bigint: true });
      if (!before.isFile()) throw changed(name);
      if (before.size > most) return undefined;
      const content = await readWhole(file, Number(before.size), name);
      if (content !== undefined && isSame(before, await file.stat({ bigint: true }))) {
        return { executable: isExecutable(before), content };
      }
    }
    throw changed(name);
  } finally {
    await file.close();
  }
}

async function openPlain(path: string, name: string): Promise<FileHandle> {
  try {
    return await open(path, READ);
  } catch (error) {
    throw sourceError(error, name);
  }
}

async function readWhole(file: FileHandle, size: number, name: string): Promise<Buffer | undefined> {
  const content = Buffer.allocUnsafe(size);
  for (let at = 0; at < size;) {
    const count = await readSome(file, content, at, name);
    if (count === 0) return undefined;
    at += count;
  }
  return content;
}

async function* chunksOf(
  file: FileHandle,
  before: BigIntStats,
  name: string,
): AsyncGenerator<Buffer, void, undefined> {
  const size = Number(before.size);
  for (let at = 0; at < size;) {
    const chunk = Buffer.allocUnsafe(Math.min(CHUNK, size - at));
    const { bytesRead } = await file.read(chunk, 0, chunk.length, at).catch((error: unknown) => {
      throw sourceError(error, name);
    });
    if (bytesRead === 0) throw changed(name);
    at += bytesRead;
    yield chunk.subarray(0, bytesRead);
  }
  if (!isSame(before, await file.stat({ bigint: true }))) throw changed(name);
}

async function readSome(file: FileHandle, content: Buffer, at: number, name: string): Promise<number> {
  try {
    return (await file.read(content, at, content.length - at, at)).bytesRead;
  } catch (error) {
    throw sourceError(error, name);
  }
}

function isSame(before: BigIntStats, after: BigIntStats): boolean {
  return before.size === after.size && before.mtimeNs === after.mtimeNs;
}

function isExecutable(stats: BigIntStats): boolean {
  return (stats.mode & 0o111n) !== 0n;
}
