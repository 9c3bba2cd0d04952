import { closeSync, openSync, readFileSync, statSync, truncateSync, writeSync } from 'node:fs';
import { isMissingFile } from '../files.ts';

/** Bytes of an entry: the size of the log, and the time at which it had that size, both as 64-bit integers. */
const ENTRY = 16;
const RECENT = 64;

/**
 * When each part of a log file was written, kept beside it: containers write to the file themselves, and what
 * they write carries no time. One entry for each time that the file was seen to have grown; its time is the
 * file's own (mtime), so a late look does not make it later.
 */
export class LogIndex {
  readonly #fd: number;
  /** The newest entries, so that who follows the log need not read the file. */
  #recent: { readonly size: number; readonly timeNs: bigint }[] = [];

  constructor(file: string) {
    // A crash in the middle of an entry leaves a part of one.
    const size = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
    if (size % ENTRY !== 0) truncateSync(file, size - (size % ENTRY));
    this.#fd = openSync(file, 'a', 0o600);
  }

  append(size: number, timeNs: bigint): void {
    const entry = Buffer.alloc(ENTRY);
    entry.writeBigUInt64BE(BigInt(size), 0);
    entry.writeBigUInt64BE(timeNs, 8);
    writeSync(this.#fd, entry);
    this.#recent.push({ size, timeNs });
    if (this.#recent.length > 2 * RECENT) this.#recent = this.#recent.slice(-RECENT);
  }

  /** As `LogTimes.timeOf`, of the newest bytes only. */
  recentTimeOf(offset: number): bigint | undefined {
    if (offset < (this.#recent[0]?.size ?? Infinity)) return undefined;
    return this.#recent.find(({ size }) => size > offset)?.timeNs;
  }

  close(): void {
    closeSync(this.#fd);
  }
}

/** The entries of an index file as they are now. */
export class LogTimes {
  readonly #bytes: Buffer;

  constructor(file: string) {
    this.#bytes = readBytes(file);
  }

  get #count(): number {
    return Math.floor(this.#bytes.length / ENTRY);
  }

  /** The log's size at the last entry; 0 without one. */
  get size(): number {
    return this.#count === 0 ? 0 : this.#sizeAt(this.#count - 1);
  }

  /** Nanoseconds since the epoch at which the byte at `offset` was written; undefined when not yet seen. */
  timeOf(offset: number): bigint | undefined {
    const at = this.#first((index) => this.#sizeAt(index) > offset);
    return at < this.#count ? this.#timeAt(at) : undefined;
  }

  /** Where bytes begin that were written at `timeNs` or later; undefined when there are none. */
  offsetSince(timeNs: bigint): number | undefined {
    const at = this.#first((index) => this.#timeAt(index) >= timeNs);
    if (at === this.#count) return undefined;
    return at === 0 ? 0 : this.#sizeAt(at - 1);
  }

  #sizeAt(index: number): number {
    return Number(this.#bytes.readBigUInt64BE(index * ENTRY));
  }

  #timeAt(index: number): bigint {
    return this.#bytes.readBigUInt64BE(index * ENTRY + 8);
  }

  /** Index of the first entry that satisfies a condition which holds from some entry on. */
  #first(condition: (index: number) => boolean): number {
    let low = 0;
    let high = this.#count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (condition(middle)) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}

function readBytes(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    if (isMissingFile(error)) return Buffer.alloc(0);
    throw error;
  }
}
