/** Types of control frames (SPDY/3.1, section 2.6). */
export const SYN_STREAM = 1;
export const SYN_REPLY = 2;
export const RST_STREAM = 3;
export const SETTINGS = 4;
export const PING = 6;
export const GOAWAY = 7;
export const HEADERS = 8;
export const WINDOW_UPDATE = 9;

/** Why a stream is reset. */
export const PROTOCOL_ERROR = 1;
export const INVALID_STREAM = 2;
export const REFUSED_STREAM = 3;
export const CANCEL = 5;

/** The sender has said all on this stream. */
export const FIN = 1;

export const VERSION = 3;
const CONTROL = 0x8000;
const HEADER_BYTES = 8;
/** Control frames are small; a longer one is an attack or no SPDY at all. */
const MAX_CONTROL = 64 * 1024;

/** What a connection hears of the frames that come in. */
export interface FrameListener {
  /** A piece of a data frame, as it comes; `isLast` ends the stream. */
  onData(stream: number, bytes: Buffer, isLast: boolean): void;
  /** What follows is read when the result, if it is a promise, has resolved. */
  onControl(type: number, flags: number, payload: Buffer): Promise<void> | undefined;
}

/** Finds the frames in a stream of bytes. Data is passed on at once, whatever the length of its frame. */
export class FrameReader {
  readonly #listener: FrameListener;
  readonly #header = Buffer.alloc(HEADER_BYTES);
  #headerBytes = 0;
  #payload: Buffer[] = [];
  #left = 0;

  constructor(listener: FrameListener) {
    this.#listener = listener;
  }

  /** Takes bytes, one call after the other. Fails for what is no SPDY. */
  async read(bytes: Buffer): Promise<void> {
    for (let at = 0; at < bytes.length;) {
      if (this.#headerBytes < HEADER_BYTES) {
        const copied = bytes.copy(this.#header, this.#headerBytes, at);
        this.#headerBytes += copied;
        at += copied;
        if (this.#headerBytes < HEADER_BYTES) return;
        this.#left = this.#header.readUIntBE(5, 3);
        if (this.#isControl && this.#left > MAX_CONTROL) throw new Error('a control frame is too long');
        if (this.#left > 0) continue;
      }
      const piece = bytes.subarray(at, at + this.#left);
      at += piece.length;
      this.#left -= piece.length;
      const isWhole = this.#left === 0;
      const flags = this.#header.readUInt8(4);
      if (!this.#isControl) {
        this.#listener.onData(this.#header.readUInt32BE(0), piece, isWhole && (flags & FIN) !== 0);
      } else {
        this.#payload.push(piece);
        if (isWhole) await this.#control(flags);
      }
      if (isWhole) this.#headerBytes = 0;
    }
  }

  get #isControl(): boolean {
    return (this.#header.readUInt16BE(0) & CONTROL) !== 0;
  }

  #control(flags: number): Promise<void> | undefined {
    const version = this.#header.readUInt16BE(0) & ~CONTROL;
    if (version !== VERSION) throw new Error(`version ${version} of SPDY is not spoken here`);
    const payload = Buffer.concat(this.#payload);
    this.#payload = [];
    return this.#listener.onControl(this.#header.readUInt16BE(2), flags, payload);
  }
}

/** A control frame. */
export function controlFrame(type: number, flags: number, payload: Buffer): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt16BE(CONTROL | VERSION, 0);
  header.writeUInt16BE(type, 2);
  header.writeUInt32BE(payload.length, 4);
  header.writeUInt8(flags, 4);
  return Buffer.concat([header, payload]);
}

/** A data frame. */
export function dataFrame(stream: number, flags: number, bytes: Buffer): Buffer {
  const frame = Buffer.allocUnsafe(HEADER_BYTES + bytes.length);
  frame.writeUInt32BE(stream, 0);
  frame.writeUInt32BE(bytes.length, 4);
  frame.writeUInt8(flags, 4);
  bytes.copy(frame, HEADER_BYTES);
  return frame;
}

/** Numbers of 32 bits, as the payloads of most control frames are. */
export function uint32s(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 4);
  for (const [index, value] of values.entries()) bytes.writeUInt32BE(value >>> 0, index * 4);
  return bytes;
}
