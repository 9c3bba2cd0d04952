import { createHash, randomUUID } from 'node:crypto';
import { createReadStream, createWriteStream, mkdirSync } from 'node:fs';
import { open, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Transform, type Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

/** What was kept: equal contents have equal names. */
export interface Content {
  /** SHA-256, lower-case hex. */
  readonly sha256: string;
  /** Bytes. */
  readonly size: number;
}

/** Files named by the checksum of what is in them. */
export class Contents {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  }

  /** Reads the stream to its end into a file that only `keep` makes visible. */
  async receive(content: Readable, signal?: AbortSignal): Promise<Content & { readonly incoming: string }> {
    const incoming = join(this.#folder, `${randomUUID()}.incoming`);
    const hash = createHash('sha256');
    let size = 0;
    const measure = new Transform({
      transform(chunk: Buffer | string, _encoding, callback) {
        const bytes = Buffer.from(chunk);
        size += bytes.length;
        hash.update(bytes);
        callback(null, bytes);
      },
    });
    try {
      const file = createWriteStream(incoming, { mode: 0o600, flush: true });
      await pipeline(content, measure, file, ...(signal === undefined ? [] : [{ signal }]));
      return { sha256: hash.digest('hex'), size, incoming };
    } catch (error) {
      await rm(incoming, { force: true });
      signal?.throwIfAborted(); // with the caller's own reason
      throw error;
    }
  }

  /** Gives a received file its name; the same content again replaces it by itself. */
  async keep({ sha256, incoming }: Content & { readonly incoming: string }): Promise<void> {
    await rename(incoming, this.path(sha256));
    const folder = await open(this.#folder);
    await folder.sync().finally(() => folder.close());
  }

  read(sha256: string): Readable {
    return createReadStream(this.path(sha256));
  }

  path(sha256: string): string {
    return join(this.#folder, sha256);
  }

  async remove(sha256: string): Promise<void> {
    await rm(this.path(sha256), { force: true });
  }

  /** Removes what a crash left half received; only safe before anything is received. */
  async removeLeftovers(): Promise<void> {
    const left = (await readdir(this.#folder)).filter((name) => name.endsWith('.incoming'));
    await Promise.all(left.map((name) => rm(join(this.#folder, name), { force: true })));
  }
}
