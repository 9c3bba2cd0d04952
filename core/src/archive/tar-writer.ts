import type { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import * as tar from 'tar-stream';

/** One entry of a tar to be written. */
export type TarEntry =
  | { readonly name: string; readonly type: 'directory' }
  | { readonly name: string; readonly type: 'symlink'; readonly linkName: string }
  | {
      readonly name: string;
      readonly type: 'file';
      readonly executable: boolean;
      readonly size: number;
      /** Exactly `size` bytes. */
      readonly content: Buffer | AsyncIterable<Buffer>;
    };

export interface TarWriterOptions {
  readonly mtime: Date;
  readonly uid: number;
  readonly gid: number;
}

const BATCH = 64 * 1024;

/**
 * The bytes of a tar (ustar; pax for what does not fit): nothing goes in but names, contents, execute bits and
 * the options, so the same entries give the same bytes. Small pieces are joined to chunks of some size.
 */
export function writeTar(
  entries: AsyncIterable<TarEntry>,
  options: TarWriterOptions,
): AsyncGenerator<Buffer, void, undefined> {
  return batched(tarChunks(entries, options));
}

async function* tarChunks(
  entries: AsyncIterable<TarEntry>,
  options: TarWriterOptions,
): AsyncGenerator<Buffer, void, undefined> {
  const pack = tar.pack();
  let failure: { readonly error: unknown } | undefined;
  const feeding = feed(pack, entries, options).catch((error: unknown) => {
    failure = { error };
    pack.destroy();
  });
  try {
    for await (const chunk of pack) yield chunk as Buffer;
  } catch (error) {
    throw failure === undefined ? error : failure.error; // destroying the pack hides the reason
  } finally {
    pack.destroy();
    await feeding;
  }
}

async function feed(
  pack: tar.Pack,
  entries: AsyncIterable<TarEntry>,
  options: TarWriterOptions,
): Promise<void> {
  for await (const entry of entries) {
    const { name } = entry;
    switch (entry.type) {
      case 'directory':
        await added((done) =>
          pack.entry({ ...options, name: `${name}/`, type: 'directory', mode: 0o755 }, done),
        );
        break;
      case 'symlink':
        await added((done) =>
          pack.entry({ ...options, name, type: 'symlink', mode: 0o777, linkname: entry.linkName }, done),
        );
        break;
      case 'file': {
        const header = { ...options, name, type: 'file', mode: entry.executable ? 0o755 : 0o644 } as const;
        const { content } = entry;
        if (Buffer.isBuffer(content))
          await added((done) => pack.entry({ ...header, size: content.length }, content, done));
        else await pipeline(content, pack.entry({ ...header, size: entry.size }) as unknown as Writable);
      }
    }
  }
  pack.finalize();
}

type Done = (error?: Error | null) => void;

/** Resolves when the entry is in the tar, and that far been read: the reader sets the pace. */
function added(add: (done: Done) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    add((error) => (error == null ? resolve() : reject(error)));
  });
}

async function* batched(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void, undefined> {
  let batch: Buffer[] = [];
  let size = 0;
  for await (const chunk of chunks) {
    batch.push(chunk);
    size += chunk.length;
    if (size < BATCH) continue;
    yield batch.length === 1 ? chunk : Buffer.concat(batch);
    batch = [];
    size = 0;
  }
  if (size > 0) yield Buffer.concat(batch);
}
