import { EpinioError } from '../kernel/errors.ts';

/** How much one archive may bring. Both count what comes out, not what the archive says of itself. */
export interface ExtractLimits {
  /** Bytes of all files together. */
  readonly maxBytes: number;
  /** Files, folders and links together. */
  readonly maxEntries: number;
}

/** Room that headers, padding and long names of one entry take in a tar. */
const OVERHEAD_PER_ENTRY = 4096;
const OVERHEAD = 1024 * 1024;

/** Counts real output against the limits, so that a decompression bomb ends early. */
export class Budget {
  readonly #limits: ExtractLimits;
  readonly #signal: AbortSignal | undefined;
  #bytes = 0;
  #entries = 0;
  #raw = 0;

  /** Counting fails with the signal's reason once it is aborted. */
  constructor(limits: ExtractLimits, signal?: AbortSignal) {
    this.#limits = limits;
    this.#signal = signal;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get entries(): number {
    return this.#entries;
  }

  /** Fails with `ARCHIVE_TOO_LARGE` when it is one too many. */
  addEntry(): void {
    this.#signal?.throwIfAborted();
    this.#entries += 1;
    if (this.#entries > this.#limits.maxEntries) {
      throw tooLarge(`has more than ${this.#limits.maxEntries} entries`);
    }
  }

  /** Counts bytes of files; fails with `ARCHIVE_TOO_LARGE`. */
  addBytes(count: number): void {
    this.#signal?.throwIfAborted();
    this.#bytes += count;
    if (this.#bytes > this.#limits.maxBytes) throw this.#tooManyBytes();
  }

  /** Counts bytes between decompression and parsing: padding and headers can be a bomb, too. */
  addRaw(count: number): void {
    this.#signal?.throwIfAborted();
    this.#raw += count;
    const most = this.#limits.maxBytes + this.#limits.maxEntries * OVERHEAD_PER_ENTRY + OVERHEAD;
    if (this.#raw > most) throw this.#tooManyBytes();
  }

  #tooManyBytes(): EpinioError {
    return tooLarge(`holds more than ${readableSize(this.#limits.maxBytes)}`);
  }
}

function tooLarge(reason: string): EpinioError {
  return new EpinioError('ARCHIVE_TOO_LARGE', `Archive ${reason}`, {
    fix: 'Leave out what the build does not need (.epinioignore), or ask the operator for a higher limit',
    status: 413,
  });
}

function readableSize(bytes: number): string {
  const units = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${Number.isInteger(value) ? value : value.toFixed(1)} ${units[unit] ?? ''}`;
}
