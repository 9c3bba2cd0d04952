import { createHash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { Readable } from 'node:stream';
import type { BlobInfo } from '@epinio/core';
import { corrupt } from './blob-file.ts';

const CHUNK = 256 * 1024;

/** Which bytes are wanted, both ends included. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/**
 * Reads a blob and closes its file, read to the end or not. The whole blob is checked against its SHA-256
 * before the last bytes are handed out, so who got all of them got the right ones; a part cannot be checked.
 */
export class BlobReader extends Readable {
  readonly #file: FileHandle;
  readonly #path: string;
  readonly #end: number;
  readonly #sha256: string;
  readonly #hash = createHash('sha256');
  readonly #isWhole: boolean;
  #position: number;

  constructor(file: FileHandle, path: string, info: BlobInfo, range?: ByteRange) {
    super({ highWaterMark: CHUNK });
    this.#file = file;
    this.#path = path;
    this.#position = range?.start ?? 0;
    this.#end = range === undefined ? info.size : range.end + 1;
    this.#isWhole = this.#position === 0 && this.#end === info.size;
    this.#sha256 = info.sha256;
  }

  override _read(): void {
    this.#next().then(
      (chunk) => this.push(chunk),
      (error: unknown) => this.destroy(error as Error),
    );
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#file.close().then(
      () => done(error),
      (failure: unknown) => done(error ?? (failure as Error)),
    );
  }

  async #next(): Promise<Buffer | null> {
    const length = Math.min(CHUNK, this.#end - this.#position);
    if (length <= 0) {
      this.#verify();
      return null;
    }
    const { bytesRead, buffer } = await this.#file.read(
      Buffer.allocUnsafe(length),
      0,
      length,
      this.#position,
    );
    if (bytesRead === 0) throw corrupt(this.#path, 'it is cut short');
    const chunk = buffer.subarray(0, bytesRead);
    this.#position += bytesRead;
    if (this.#isWhole) this.#hash.update(chunk);
    if (this.#position === this.#end) this.#verify();
    return chunk;
  }

  #verify(): void {
    if (!this.#isWhole) return;
    if (this.#hash.copy().digest('hex') !== this.#sha256) throw corrupt(this.#path, 'its content is changed');
  }
}
