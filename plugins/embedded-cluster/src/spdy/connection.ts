import {
  CANCEL,
  controlFrame,
  dataFrame,
  FIN,
  FrameReader,
  GOAWAY,
  HEADERS,
  INVALID_STREAM,
  PING,
  PROTOCOL_ERROR,
  REFUSED_STREAM,
  RST_STREAM,
  SETTINGS,
  SYN_REPLY,
  SYN_STREAM,
  uint32s,
  WINDOW_UPDATE,
  type FrameListener,
} from './frames.ts';
import { HeaderReader, HeaderWriter, type SpdyHeaders } from './header-block.ts';
import { SendWindow, SendWindows } from './send-window.ts';
import { SpdyStream, type StreamOwner } from './stream.ts';

/** What a connection runs over. */
export interface SpdyTransport {
  /** Resolves when there is room for more. Fails when the other side has gone. */
  send(bytes: Buffer): Promise<void>;
  close(): void;
}

/** So many bytes of a stream may wait to be read before the whole connection waits. */
const MAX_WAITING = 256 * 1024;
/** The client hears of what was read once it is this much. */
const UPDATE_BYTES = 32 * 1024;
const MAX_STREAMS = 10_000;
const NO_HEADERS: SpdyHeaders = new Map();

/**
 * The server's side of SPDY/3.1, as far as Kubernetes uses it: streams that the client opens. Clients written in Go pay
 * no attention to windows; so a stream that is not read makes the whole connection wait in the end, and theirs are
 * kept to once they have told of one.
 */
export class SpdyConnection implements FrameListener, StreamOwner {
  readonly #transport: SpdyTransport;
  readonly #onStream: (stream: SpdyStream) => boolean;
  readonly #frames = new FrameReader(this);
  readonly #reader = new HeaderReader();
  readonly #writer = new HeaderWriter();
  readonly #streams = new Map<
    number,
    { readonly stream: SpdyStream; readonly window: SendWindow; unread: number }
  >();
  readonly #windows = new SendWindows();
  readonly #room = new Set<() => void>();
  #newest = 0;
  #isLeaving = false;
  #isClosed = false;

  /** @param onStream takes a new stream, or refuses it with false */
  constructor(transport: SpdyTransport, onStream: (stream: SpdyStream) => boolean) {
    this.#transport = transport;
    this.#onStream = onStream;
  }

  /** Takes what the client has sent; resolves when it may send more. */
  async receive(bytes: Buffer): Promise<void> {
    if (this.#isClosed) return;
    try {
      await this.#frames.read(bytes);
    } catch {
      this.close(1);
      return;
    }
    while (this.#isFull) {
      await new Promise<void>((resolve) => this.#room.add(resolve));
    }
  }

  /** Tells the client, unless it has gone, and ends all streams. */
  close(status = 0): void {
    if (this.#isClosed) return;
    this.#send(controlFrame(GOAWAY, 0, uint32s(this.#newest, status)));
    this.#isClosed = true;
    for (const { stream, window } of this.#streams.values()) {
      window.close();
      stream.receiveReset();
    }
    this.#streams.clear();
    this.#reader.close();
    this.#writer.close();
    this.#makeRoom();
    this.#transport.close();
  }

  onData(number: number, bytes: Buffer, isLast: boolean): void {
    const entry = this.#streams.get(number);
    if (entry !== undefined) entry.stream.receive(bytes, isLast);
    // What is still on its way to a stream that has ended is dropped.
    else if (number > this.#newest) this.#sendReset(number, INVALID_STREAM);
  }

  onControl(type: number, flags: number, payload: Buffer): Promise<void> | undefined {
    switch (type) {
      case SYN_STREAM:
        return this.#open(payload.readUInt32BE(0) & 0x7fffffff, flags, payload.subarray(10));
      case SYN_REPLY:
      case HEADERS:
        // Nothing that is said here matters; but all headers are one compressed stream.
        return this.#reader.read(payload.subarray(4)).then(() => undefined);
      case RST_STREAM:
        this.#streams.get(payload.readUInt32BE(0) & 0x7fffffff)?.stream.receiveReset();
        break;
      case SETTINGS:
        this.#windows.settings(payload);
        break;
      case PING:
        if ((payload[3] ?? 0) % 2 === 1) this.#send(controlFrame(PING, 0, payload));
        break;
      case WINDOW_UPDATE: {
        const { window } = this.#streams.get(payload.readUInt32BE(0) & 0x7fffffff) ?? {};
        this.#windows.isObserved = true;
        window?.grow(payload.readUInt32BE(4) & 0x7fffffff);
        break;
      }
      case GOAWAY:
        this.#isLeaving = true;
        if (this.#streams.size === 0) this.close();
    }
    return undefined;
  }

  async sendData({ number }: SpdyStream, bytes: Buffer, isLast: boolean): Promise<void> {
    const window = this.#streams.get(number)?.window;
    for (let at = 0; ;) {
      const size = (await window?.take(bytes.length - at)) ?? bytes.length - at;
      if (this.#isClosed) throw new Error('the connection is closed');
      const end = at + size;
      const flags = isLast && end === bytes.length ? FIN : 0;
      await this.#transport.send(dataFrame(number, flags, bytes.subarray(at, end)));
      at = end;
      if (at === bytes.length) return;
    }
  }

  reset({ number }: SpdyStream): void {
    if (this.#streams.has(number)) this.#sendReset(number, CANCEL);
  }

  consumed({ number }: SpdyStream, bytes: number): void {
    const entry = this.#streams.get(number);
    if (entry !== undefined) {
      entry.unread += bytes;
      if (entry.unread >= UPDATE_BYTES) {
        this.#send(controlFrame(WINDOW_UPDATE, 0, uint32s(number, entry.unread)));
        entry.unread = 0;
      }
    }
    if (!this.#isFull) this.#makeRoom();
  }

  /** Nothing more is to be taken in for now. */
  get #isFull(): boolean {
    return [...this.#streams.values()].some(({ stream }) => stream.waiting > MAX_WAITING);
  }

  #makeRoom(): void {
    for (const resolve of this.#room) resolve();
    this.#room.clear();
  }

  async #open(number: number, flags: number, block: Buffer): Promise<void> {
    const headers = await this.#reader.read(block);
    if (number % 2 === 0 || number <= this.#newest) {
      this.#sendReset(number, PROTOCOL_ERROR);
      return;
    }
    this.#newest = number;
    if (this.#isLeaving || this.#streams.size >= MAX_STREAMS) {
      this.#sendReset(number, REFUSED_STREAM);
      return;
    }
    const stream = new SpdyStream(this, number, headers);
    const window = new SendWindow(this.#windows);
    this.#streams.set(number, { stream, window, unread: 0 });
    stream.once('close', () => {
      window.close();
      this.#streams.delete(number);
      if (!this.#isFull) this.#makeRoom();
      if (this.#isLeaving && this.#streams.size === 0) this.close();
    });
    const reply = await this.#writer.write(NO_HEADERS);
    if (!this.#onStream(stream)) {
      stream.destroy();
      return;
    }
    this.#send(controlFrame(SYN_REPLY, 0, Buffer.concat([uint32s(number), reply])));
    if ((flags & FIN) !== 0) stream.receive(Buffer.alloc(0), true);
  }

  #sendReset(number: number, status: number): void {
    this.#send(controlFrame(RST_STREAM, 0, uint32s(number, status)));
  }

  /** Small frames, which need not wait for room. */
  #send(frame: Buffer): void {
    if (!this.#isClosed) this.#transport.send(frame).catch(() => undefined); // its end is seen by who owns it
  }
}
