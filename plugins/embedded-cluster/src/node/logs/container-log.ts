import { closeSync, openSync, statSync } from 'node:fs';
import { EventEmitter } from 'node:events';
import { messageOf, type Log } from '@epinio/core';
import { watchFile, type FileWatch } from '../watch-file.ts';
import { LogIndex, LogTimes } from './log-index.ts';
import { copyTruncate, countRotated, finishRotation, indexFile } from './rotated-files.ts';

/** A busy writer is looked at this often at most. */
const LOOK_MS = 20;

export interface ContainerLogOptions {
  readonly file: string;
  /** A longer file is rotated. */
  readonly maxBytes: number;
  /** Older files that are kept. */
  readonly keep: number;
  readonly log: Log;
}

/**
 * The log of one run of a container: the file that its processes write to, with an index of times beside it.
 * Costs nothing while nothing is written.
 */
export class ContainerLog {
  readonly file: string;
  /** Emits `change`: grown, rotated or ended. */
  readonly changes = new EventEmitter<{ change: [] }>().setMaxListeners(0);
  readonly #options: ContainerLogOptions;
  #index: LogIndex;
  #size: number;
  #generation: number;
  #watcher: FileWatch | undefined;
  #timer: NodeJS.Timeout | undefined;
  #rotation: Promise<void> | undefined;
  #isOpen = true;
  #isClosed = false;

  constructor(options: ContainerLogOptions) {
    this.#options = options;
    this.file = options.file;
    closeSync(openSync(options.file, 'a', 0o600));
    finishRotation(options.file);
    this.#generation = countRotated(options.file);
    this.#index = new LogIndex(indexFile(options.file));
    this.#size = new LogTimes(indexFile(options.file)).size;
    this.look();
  }

  /** Grows by one with each rotation. */
  get generation(): number {
    return this.#generation;
  }

  /** Bytes of the current file, as of the last look. */
  get size(): number {
    return this.#size;
  }

  get keep(): number {
    return this.#options.keep;
  }

  /** False once the container has ended: nothing will come any more. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** Follows the file until `end` or `close`. */
  follow(): void {
    if (this.#watcher !== undefined || this.#isClosed) return;
    this.#watcher = watchFile(this.file, () => {
      this.#timer ??= setTimeout(() => {
        this.#timer = undefined;
        this.look();
      }, LOOK_MS);
    });
  }

  /** Takes notice of what was written since the last look. */
  look(): void {
    if (this.#isClosed) return;
    const { size, mtimeNs } = statSync(this.file, { bigint: true });
    const bytes = Number(size);
    if (bytes > this.#size) {
      this.#index.append(bytes, mtimeNs);
      this.#size = bytes;
      this.changes.emit('change');
    }
    // The container has emptied it.
    if (bytes < this.#size) this.#size = bytes;
    if (bytes > this.#options.maxBytes) this.#rotate();
  }

  /** When the byte at `offset` of the current file was written, when that is not long ago. */
  recentTimeOf(offset: number): bigint | undefined {
    return this.#index.recentTimeOf(offset);
  }

  /** The container has ended; readers that follow come to their end. */
  end(): void {
    if (!this.#isOpen) return;
    this.look();
    this.#isOpen = false;
    this.close();
    this.changes.emit('change');
  }

  /** Stops following; the container may go on, and what is there can still be read. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#index.close();
    this.#watcher?.close();
    this.#watcher = undefined;
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  /** Resolves when no rotation is under way. */
  async settled(): Promise<void> {
    await this.#rotation;
  }

  #rotate(): void {
    this.#rotation ??= copyTruncate(this.file, this.#options.keep, () => {
      if (!this.#isClosed) this.#index.close();
      this.#index = new LogIndex(indexFile(this.file));
      if (this.#isClosed) this.#index.close();
      this.#size = 0;
      this.#generation += 1;
      this.changes.emit('change');
    })
      .catch((error: unknown) => {
        // A full disk: the log stays as it is, and the next look tries again.
        this.#options.log.warn('Container log could not be rotated', {
          file: this.file,
          reason: messageOf(error),
        });
      })
      .finally(() => (this.#rotation = undefined));
  }
}
