import { Readable, Writable } from 'node:stream';
import type { RawData, WebSocket } from 'ws';
import { asBuffer, sendMessage } from './send-message.ts';

/** First byte of a message that closes the channel which the second byte names; of v5.channel.k8s.io. */
const CLOSE = 255;
const ZERO = '0'.charCodeAt(0);

export interface ChannelOptions {
  /** Messages are text: the channel's digit, then base64. */
  readonly isBase64: boolean;
  /** The client says when it closes a channel. */
  readonly hasClose: boolean;
}

/**
 * Several streams over one websocket (channel.k8s.io): the first byte of each message is its channel. All share the
 * connection, so a channel that is not read holds up the others, and no memory is spent on waiting data.
 */
export class Channels {
  readonly #socket: WebSocket;
  readonly #options: ChannelOptions;
  readonly #readers = new Map<number, Readable>();
  readonly #full = new Set<number>();

  constructor(socket: WebSocket, options: ChannelOptions) {
    this.#socket = socket;
    this.#options = options;
  }

  /** Takes messages from now on; what comes for a channel that nobody reads is dropped. */
  start(): void {
    this.#socket.on('message', (data) => this.#onMessage(data));
    this.#socket.once('close', () => {
      for (const reader of this.#readers.values()) reader.push(null);
      this.#readers.clear();
    });
    this.#socket.resume();
  }

  /** What the client sends on a channel; ends with the channel, or with the connection. */
  readable(channel: number): Readable {
    const reader = new Readable({
      read: () => this.#wantsMore(channel),
      destroy: (error, done) => {
        this.#readers.delete(channel);
        this.#wantsMore(channel);
        done(error);
      },
    });
    this.#readers.set(channel, reader);
    return reader;
  }

  /** What is written goes to the client on a channel, as fast as it takes it. Its end is not told. */
  writable(channel: number): Writable {
    return new Writable({
      write: (chunk: Buffer, _encoding, done) => {
        this.send(channel, chunk).then(() => done(), done);
      },
    });
  }

  /** Resolves when there is room for more. Fails when the client has gone. */
  send(channel: number, bytes: Buffer): Promise<void> {
    const message = this.#options.isBase64
      ? String.fromCharCode(ZERO + channel) + bytes.toString('base64')
      : Buffer.concat([Buffer.of(channel), bytes]);
    return sendMessage(this.#socket, message);
  }

  #onMessage(data: RawData): void {
    const message = asBuffer(data);
    const first = message[0];
    if (first === undefined) return;
    if (this.#options.hasClose && first === CLOSE) {
      this.#close(message[1]);
      return;
    }
    const channel = this.#options.isBase64 ? first - ZERO : first;
    const rest = message.subarray(1);
    const bytes = this.#options.isBase64 ? Buffer.from(rest.toString('latin1'), 'base64') : rest;
    // An empty message is none: it would be the end of the stream.
    if (bytes.length === 0 || this.#readers.get(channel)?.push(bytes) !== false) return;
    this.#full.add(channel);
    this.#socket.pause();
  }

  #close(channel: number | undefined): void {
    if (channel === undefined) return;
    this.#readers.get(channel)?.push(null);
    this.#readers.delete(channel);
  }

  #wantsMore(channel: number): void {
    if (this.#full.delete(channel) && this.#full.size === 0) this.#socket.resume();
  }
}
