import type { Readable } from 'node:stream';
import { archiveType, type ArchiveType } from './archive-type.ts';

const HEAD = 512;

/**
 * The bytes that somebody else's stream brings, read once. It remembers when the stream itself failed, so
 * that a cut connection is not taken for a damaged archive.
 */
export class Source {
  /** Why reading failed; undefined while it has not. */
  failure: Error | undefined;
  readonly #content: Readable;
  readonly #iterator: AsyncIterator<Buffer>;
  #head: Buffer = Buffer.alloc(0);

  constructor(content: Readable) {
    this.#content = content;
    this.#iterator = content[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  }

  /** To be called once, before the bytes are read. */
  async type(): Promise<ArchiveType | undefined> {
    const chunks: Buffer[] = [];
    for (let size = 0; size < HEAD;) {
      const chunk = await this.#next();
      if (chunk === undefined) break;
      chunks.push(chunk);
      size += chunk.length;
    }
    this.#head = Buffer.concat(chunks);
    return archiveType(this.#head.subarray(0, HEAD));
  }

  /** True when there was not one byte. */
  get isEmpty(): boolean {
    return this.#head.length === 0;
  }

  /** All bytes, those that `type` looked at included. Closes the stream at the end. */
  async *bytes(): AsyncGenerator<Buffer, void, undefined> {
    try {
      if (this.#head.length > 0) yield this.#head;
      for (let chunk = await this.#next(); chunk !== undefined; chunk = await this.#next()) yield chunk;
    } finally {
      this.close();
    }
  }

  /** Idempotent. */
  close(): void {
    if (!this.#content.destroyed) this.#content.destroy();
  }

  async #next(): Promise<Buffer | undefined> {
    try {
      const next = await this.#iterator.next();
      return next.done === true ? undefined : next.value;
    } catch (error) {
      this.failure = error instanceof Error ? error : new Error('the stream failed', { cause: error });
      throw this.failure;
    }
  }
}
