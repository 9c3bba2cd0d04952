import { Duplex } from 'node:stream';
import type { SpdyHeaders } from './header-block.ts';

/** What a stream asks of its connection. */
export interface StreamOwner {
  /** Resolves when there is room for more. */
  sendData(stream: SpdyStream, bytes: Buffer, isLast: boolean): Promise<void>;
  reset(stream: SpdyStream): void;
  /** So many bytes have been read. */
  consumed(stream: SpdyStream, bytes: number): void;
}

/** A stream that the client has opened. Ending one direction leaves the other open; destroying it resets it. */
export class SpdyStream extends Duplex {
  readonly number: number;
  readonly headers: SpdyHeaders;
  readonly #owner: StreamOwner;
  #isReset = false;
  /** Bytes taken in and not yet read by whom they are for. */
  #waiting = 0;

  constructor(owner: StreamOwner, number: number, headers: SpdyHeaders) {
    super({ allowHalfOpen: true });
    this.number = number;
    this.headers = headers;
    this.#owner = owner;
    this.on('error', () => undefined); // whoever reads or writes it hears of it; nobody else needs to
  }

  /** Bytes that came and were not read yet. */
  get waiting(): number {
    return this.#waiting;
  }

  /** Data from the client. */
  receive(bytes: Buffer, isLast: boolean): void {
    if (bytes.length > 0 && !this.destroyed) {
      this.#waiting += bytes.length;
      this.push(bytes);
    }
    if (isLast) this.push(null);
  }

  /** The client has reset it. */
  receiveReset(): void {
    this.#isReset = true;
    this.destroy();
  }

  override _read(): void {
    const read = this.#waiting - this.readableLength;
    if (read <= 0) return;
    this.#waiting -= read;
    this.#owner.consumed(this, read);
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#owner.sendData(this, chunk, false).then(() => done(), done);
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#owner.sendData(this, Buffer.alloc(0), true).then(() => done(), done);
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    const isComplete = this.readableEnded && this.writableFinished;
    if (!this.#isReset && !isComplete) this.#owner.reset(this);
    this.#owner.consumed(this, this.#waiting);
    this.#waiting = 0;
    done(error);
  }
}
