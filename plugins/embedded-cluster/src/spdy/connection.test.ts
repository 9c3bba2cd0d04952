import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { finished } from 'node:stream/promises';
import { setImmediate as turn } from 'node:timers/promises';
import { test } from 'node:test';
import { SpdyConnection } from './connection.ts';
import { DICTIONARY } from './dictionary.ts';
import {
  controlFrame,
  dataFrame,
  FIN,
  FrameReader,
  GOAWAY,
  PING,
  RST_STREAM,
  SETTINGS,
  SYN_REPLY,
  SYN_STREAM,
  uint32s,
  WINDOW_UPDATE,
} from './frames.ts';
import { HeaderReader, HeaderWriter } from './header-block.ts';
import type { SpdyStream } from './stream.ts';

/** The client's side: what it sends is made by hand, what it gets is kept. */
class Client {
  readonly streams: SpdyStream[] = [];
  readonly control: { readonly type: number; readonly payload: Buffer }[] = [];
  readonly data = new Map<number, { bytes: Buffer; isEnded: boolean }>();
  isClosed = false;
  readonly #writer = new HeaderWriter();
  readonly #frames = new FrameReader({
    onData: (stream, bytes, isLast) => {
      const before = this.data.get(stream)?.bytes ?? Buffer.alloc(0);
      this.data.set(stream, { bytes: Buffer.concat([before, bytes]), isEnded: isLast });
    },
    onControl: (type, _flags, payload) => {
      this.control.push({ type, payload });
      return undefined;
    },
  });
  readonly connection = new SpdyConnection(
    { send: (bytes) => this.#frames.read(bytes), close: () => (this.isClosed = true) },
    (stream) => {
      if (stream.headers.get('refuse') === 'yes') return false;
      this.streams.push(stream);
      return true;
    },
  );

  async open(number: number, headers: Readonly<Record<string, string>> = {}, flags = 0): Promise<void> {
    const block = await this.#writer.write(new Map(Object.entries(headers)));
    const payload = Buffer.concat([uint32s(number, 0), Buffer.alloc(2), block]);
    await this.connection.receive(controlFrame(SYN_STREAM, flags, payload));
  }

  types(): readonly number[] {
    return this.control.map(({ type }) => type);
  }
}

test('the dictionary is that of the protocol', () => {
  assert.equal(DICTIONARY.length, 1423);
  const digest = createHash('sha256').update(DICTIONARY).digest('hex');
  assert.equal(digest, '51d27341373f923f3cd88e1eb7162aeaa3723d7585ff2399201dc06498407f02');
});

test('headers are one compressed stream, whatever their number', async () => {
  const [writer, reader] = [new HeaderWriter(), new HeaderReader()];
  for (let number = 0; number < 20; number++) {
    const headers = new Map([
      ['port', String(number)],
      ['streamtype', 'data'],
    ]);
    assert.deepEqual(await reader.read(await writer.write(headers)), headers);
  }
});

test('a stream carries data both ways, and each direction ends for itself', async () => {
  const client = new Client();
  await client.open(1, { Port: '80' });
  const [stream] = client.streams;
  assert.ok(stream !== undefined);
  assert.equal(stream.headers.get('port'), '80');
  assert.deepEqual(client.types(), [SYN_REPLY]);
  const frame = dataFrame(1, FIN, Buffer.from('question'));
  for (const byte of frame) await client.connection.receive(Buffer.of(byte)); // frames come in any pieces
  assert.equal(String(stream.read()), 'question');
  stream.end('answer');
  await finished(stream);
  assert.equal(client.data.get(1)?.bytes.toString(), 'answer');
  assert.equal(client.data.get(1)?.isEnded, true);
});

test('pings are answered, refused and reset streams are told, and a farewell ends it', async () => {
  const client = new Client();
  await client.connection.receive(controlFrame(PING, 0, uint32s(7)));
  assert.deepEqual(client.control.at(-1)?.payload, uint32s(7));
  await client.open(1, { refuse: 'yes' });
  assert.deepEqual(client.types(), [PING, RST_STREAM]);
  await client.open(3);
  client.streams[0]?.destroy();
  await turn();
  assert.deepEqual(client.control.at(-1), { type: RST_STREAM, payload: uint32s(3, 5) });
  await client.open(5);
  await client.connection.receive(controlFrame(RST_STREAM, 0, uint32s(5, 5)));
  assert.equal(client.streams[1]?.destroyed, true);
  await turn();
  await client.connection.receive(controlFrame(GOAWAY, 0, uint32s(0, 0)));
  assert.equal(client.types().at(-1), GOAWAY);
  assert.equal(client.isClosed, true);
});

test('what is no SPDY ends the connection and all streams', async () => {
  const client = new Client();
  await client.open(1);
  await client.connection.receive(Buffer.from('GET / HTTP/1.1\r\n\r\n'.padEnd(64)).fill(0xff, 0, 4));
  assert.equal(client.isClosed, true);
  assert.equal(client.streams[0]?.destroyed, true);
});

test('a stream that is not read makes the client wait, and no longer than that', async () => {
  const client = new Client();
  await client.open(1);
  const [stream] = client.streams;
  const chunk = Buffer.alloc(64 * 1024);
  let taken = 0;
  const sending = (async () => {
    for (let count = 0; count < 32; count++) {
      await client.connection.receive(dataFrame(1, 0, chunk));
      taken++;
    }
  })();
  for (let count = 0; count < 50; count++) await turn();
  assert.equal(taken < 8, true, `${taken} chunks were taken`);
  stream?.resume();
  await sending;
  await turn();
  assert.equal(client.types().includes(WINDOW_UPDATE), true);
});

test('a client that tells of its window gets no more than it has room for', async () => {
  const client = new Client();
  const settings = Buffer.concat([uint32s(1), uint32s(7, 1000)]);
  await client.connection.receive(controlFrame(SETTINGS, 0, settings));
  await client.open(1);
  client.streams[0]?.end(Buffer.alloc(2500));
  await turn();
  assert.equal(client.data.get(1)?.bytes.length, 1000);
  await client.connection.receive(controlFrame(WINDOW_UPDATE, 0, uint32s(1, 600)));
  await turn();
  assert.equal(client.data.get(1)?.bytes.length, 1600);
  await client.connection.receive(controlFrame(WINDOW_UPDATE, 0, uint32s(1, 5000)));
  await turn();
  assert.deepEqual([client.data.get(1)?.bytes.length, client.data.get(1)?.isEnded], [2500, true]);
});
