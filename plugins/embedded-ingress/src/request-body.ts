import { Readable } from 'node:stream';
import { EpinioError } from '@epinio/core';

export interface RequestBodyOptions {
  /** Bytes that are kept so that they can be sent again; 0 keeps none. */
  readonly replayBytes: number;
  /** How long the client may send nothing while we wait for it, in milliseconds. */
  readonly idleTimeoutMs: number;
}

/**
 * A request's body that can be sent more than once, as long as what was sent so far is small enough to be
 * kept. It reads no faster than the application does, and keeps the client's connection out of the hands of
 * the one to the application: when that one breaks, the client can still be answered.
 */
export class RequestBody {
  readonly #source: Readable;
  readonly #options: RequestBodyOptions;
  #kept: Buffer[] | undefined = [];
  #keptBytes = 0;
  #attempt: Readable | undefined;
  /** What was read before this attempt, and comes before anything new. */
  #replay: Buffer[] = [];
  #timer: NodeJS.Timeout | undefined;
  #ended = false;
  #failure: Error | undefined;

  constructor(source: Readable, options: RequestBodyOptions) {
    this.#source = source;
    this.#options = options;
    source.pause();
    source.on('data', (chunk: Buffer) => this.#take(chunk));
    source.once('end', () => this.#end());
    source.once('error', (error) => this.#fail(error));
    source.once('close', () => {
      if (!this.#ended)
        this.#fail(new Error('the client closed the connection before its request was whole'));
    });
    source.pause(); // the listener for data set it flowing
  }

  /** False once something has been read that could not be kept. */
  get canReplay(): boolean {
    return this.#kept !== undefined;
  }

  /** A stream of the whole body for one more attempt; the one before must be over. Fails when not `canReplay`. */
  open(): Readable {
    this.#attempt?.destroy();
    if (this.#kept === undefined) throw new Error('the request body was not kept');
    this.#source.pause();
    const replay = (this.#replay = [...this.#kept]);
    const attempt = new Readable({
      read: () => {
        let wantsMore = true;
        while (wantsMore && replay.length > 0) wantsMore = attempt.push(replay.shift());
        if (replay.length > 0 || this.#attempt !== attempt) return;
        if (this.#failure !== undefined) attempt.destroy(this.#failure);
        else if (this.#ended) attempt.push(null);
        else if (wantsMore) this.#resume();
      },
    });
    // Whoever sends it sees its errors as those of the request; without a listener they would end the process.
    attempt.on('error', () => undefined);
    this.#attempt = attempt;
    return attempt;
  }

  /** Ends the reading; the rest of the body is not ours. */
  close(): void {
    this.#stopTimer();
    this.#attempt?.destroy();
    this.#attempt = undefined;
    this.#kept = undefined;
    this.#replay = [];
  }

  #resume(): void {
    this.#timer ??= setTimeout(() => {
      if (!this.#source.isPaused()) this.#fail(idle(this.#options.idleTimeoutMs));
    }, this.#options.idleTimeoutMs);
    this.#timer.refresh();
    this.#source.resume();
  }

  /** A timer that was cleared must not be refreshed: that would start it again. */
  #stopTimer(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #take(chunk: Buffer): void {
    this.#timer?.refresh();
    this.#keep(chunk);
    if (this.#replay.length > 0) this.#replay.push(chunk);
    else if (this.#attempt?.push(chunk) === false) this.#source.pause();
  }

  #keep(chunk: Buffer): void {
    this.#keptBytes += chunk.length;
    if (this.#keptBytes > this.#options.replayBytes) this.#kept = undefined;
    else this.#kept?.push(chunk);
  }

  #end(): void {
    this.#ended = true;
    this.#stopTimer();
    if (this.#replay.length === 0) this.#attempt?.push(null);
  }

  #fail(error: Error): void {
    if (this.#ended || this.#failure !== undefined) return;
    this.#failure = error;
    this.#stopTimer();
    this.#attempt?.destroy(error);
  }
}

function idle(ms: number): EpinioError {
  return new EpinioError('REQUEST_TIMEOUT', `The client sent nothing of its request for ${ms / 1000} s`, {
    status: 408,
  });
}
