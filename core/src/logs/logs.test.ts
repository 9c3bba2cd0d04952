import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { describe, it } from 'node:test';
import type { LogLine } from '../contracts/builder.ts';
import { containerFilter } from './container-filter.ts';
import { parseGoDuration } from './go-duration.ts';
import { LineQueue } from './line-queue.ts';
import { lines } from './lines.ts';
import { merged } from './merged.ts';

describe('a duration as Go writes it', () => {
  it('is read', () => {
    const cases: readonly (readonly [string, number | undefined])[] = [
      ['48h', 172_800_000],
      ['1h30m', 5_400_000],
      ['1.5s', 1_500],
      ['.5s', 500],
      ['100ms', 100],
      ['0', 0],
      ['-1s', -1_000],
      ['5', undefined],
      ['', undefined],
      ['1d', undefined],
      ['1h x', undefined],
    ];
    for (const [text, ms] of cases) assert.equal(parseGoDuration(text), ms, text);
  });
});

describe('a filter of containers', () => {
  it('leaves out the mesh unless it is asked for', () => {
    const sidecars = ['mesh-proxy'];
    assert.equal(containerFilter('', '', sidecars)('mesh-proxy'), false);
    assert.equal(containerFilter('', '', sidecars)('app'), true);
    assert.equal(containerFilter('mesh-proxy', '', sidecars)('mesh-proxy'), true);
  });

  it('knows names and expressions', () => {
    const wants = containerFilter(' app-1 , side.* ', 'sidecar-x');
    assert.deepEqual(['app-1', 'app-11', 'app+1', 'sidecar', 'sidecar-x', 'other'].map(wants), [
      true,
      true,
      false,
      true,
      false,
      false,
    ]);
    assert.throws(() => containerFilter(' , '), /contains no valid container names/);
    assert.throws(() => containerFilter('', '('), /invalid exclude_containers pattern/);
  });
});

async function collect<T>(source: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const one of source) all.push(one);
  return all;
}

describe('lines of a log', () => {
  it('are cut where they end, whatever pieces they come in', async () => {
    const bytes = Buffer.from('eins\r\nzwei ü\n\nlast');
    const pieces = [bytes.subarray(0, 12), bytes.subarray(12, 13), bytes.subarray(13)];
    assert.deepEqual(await collect(lines(Readable.from(pieces, { objectMode: false }))), [
      'eins',
      'zwei ü',
      '',
      'last',
    ]);
  });

  it('without an end do not fill the memory', async () => {
    const endless = Readable.from(
      (function* () {
        for (let index = 0; index < 64; index++) yield Buffer.alloc(4096, 'x');
      })(),
      { objectMode: false },
    );
    const found = await collect(lines(endless));
    assert.ok(found.length >= 4, 'found.length >= 4');
    assert.equal(found.join('').length, 64 * 4096);
  });

  it('of several containers come in the order of time', async () => {
    const line = (pod: string, timestamp: string): LogLine => ({
      message: pod,
      container: 'c',
      pod,
      namespace: 'n',
      timestamp,
    });
    async function* log(...all: LogLine[]): AsyncGenerator<LogLine> {
      yield* all;
    }
    const first = log(line('a', '2026-01-01T00:00:01.1Z'), line('a', '2026-01-01T00:00:03Z'));
    const second = log(line('b', '2026-01-01T00:00:01.09Z'), line('b', '2026-01-01T00:00:02.000000001Z'));
    assert.deepEqual(
      (await collect(merged([first, second]))).map(({ pod }) => pod),
      ['b', 'a', 'b', 'a'],
    );
    assert.deepEqual(await collect(merged([])), []);
  });

  it('make their writers wait when nobody reads them', async () => {
    const queue = new LineQueue<number>();
    let written = 0;
    const writing = (async () => {
      for (; written < 5_000; written++) await queue.push(written);
      queue.end();
    })();
    await new Promise((resolve) => setImmediate(resolve));
    assert.ok(written < 1_100, 'written < 1_100');
    const read = await collect(queue);
    await writing;
    assert.equal(read.length, 5_000);
    assert.deepEqual(
      read,
      [...read].sort((a, b) => a - b),
    );
  });
});
