import { constants, createDeflate, createInflate } from 'node:zlib';
import { DICTIONARY } from './dictionary.ts';

/** Of one block when it is unpacked. */
const MAX_BYTES = 64 * 1024;

/** Names in lower case; several values of one name are separated by NUL. */
export type SpdyHeaders = ReadonlyMap<string, string>;

/** Reads the header blocks of one direction of a connection, which are one compressed stream, in order. */
export class HeaderReader {
  readonly #inflate = createInflate({ dictionary: DICTIONARY, finishFlush: constants.Z_SYNC_FLUSH });
  #chunks: Buffer[] = [];
  #bytes = 0;

  constructor() {
    this.#inflate.on('data', (chunk: Buffer) => {
      this.#bytes += chunk.length;
      if (this.#bytes > MAX_BYTES) this.#inflate.destroy(new Error('the headers are too long'));
      else this.#chunks.push(chunk);
    });
  }

  /** One block at a time. Fails for what is none; the connection is then of no use any more. */
  async read(block: Buffer): Promise<SpdyHeaders> {
    this.#chunks = [];
    this.#bytes = 0;
    await new Promise<void>((resolve, reject) => {
      this.#inflate.once('error', reject);
      this.#inflate.write(block, (error) => {
        this.#inflate.off('error', reject);
        if (error == null) resolve();
        else reject(error);
      });
    });
    return parse(Buffer.concat(this.#chunks));
  }

  close(): void {
    this.#inflate.on('error', () => undefined).destroy();
  }
}

/** Writes the header blocks of one direction of a connection, in order. */
export class HeaderWriter {
  readonly #deflate = createDeflate({ dictionary: DICTIONARY });
  #chunks: Buffer[] = [];
  #last: Promise<unknown> = Promise.resolve();

  constructor() {
    this.#deflate.on('data', (chunk: Buffer) => this.#chunks.push(chunk));
  }

  write(headers: SpdyHeaders): Promise<Buffer> {
    const written = this.#last.then(
      () =>
        new Promise<Buffer>((resolve) => {
          this.#deflate.write(format(headers));
          this.#deflate.flush(constants.Z_SYNC_FLUSH, () => {
            const block = Buffer.concat(this.#chunks);
            this.#chunks = [];
            resolve(block);
          });
        }),
    );
    this.#last = written;
    return written;
  }

  close(): void {
    this.#deflate.destroy();
  }
}

function parse(block: Buffer): SpdyHeaders {
  const headers = new Map<string, string>();
  let at = 4;
  const text = (): string => {
    const length = block.readUInt32BE(at);
    at += 4 + length;
    if (at > block.length) throw new Error('a header is cut off');
    return block.toString('utf8', at - length, at);
  };
  for (let left = block.readUInt32BE(0); left > 0; left--) headers.set(text().toLowerCase(), text());
  return headers;
}

function format(headers: SpdyHeaders): Buffer {
  const texts = [...headers].flat().map((text) => Buffer.from(text));
  return Buffer.concat([uint32(headers.size), ...texts.flatMap((text) => [uint32(text.length), text])]);
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
