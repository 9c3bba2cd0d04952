import assert from 'node:assert/strict';
import { PassThrough, Readable } from 'node:stream';
import { test } from 'node:test';
import { jsonLines } from './json-lines.ts';
import { watchEvents, watchSeconds } from './watch.ts';

async function valuesOf(lines: AsyncIterable<unknown>): Promise<unknown[]> {
  const values: unknown[] = [];
  for await (const value of lines) values.push(value);
  return values;
}

test('lines are whole however the chunks fall, and what is cut off at the end is dropped', async () => {
  const text = Buffer.from('{"a":"ü"}\n\n[1]\n"x"\n{"cut');
  for (let size = 1; size <= text.length; size += 1) {
    const chunks: Buffer[] = [];
    for (let start = 0; start < text.length; start += size) chunks.push(text.subarray(start, start + size));
    assert.deepEqual(
      await valuesOf(jsonLines(Readable.from(chunks))),
      [{ a: 'ü' }, [1], 'x'],
      `chunks of ${size}`,
    );
  }
});

test('a line that never ends, and one that is no JSON, are failures', async () => {
  const endless = Readable.from(Array.from({ length: 100 }, () => Buffer.alloc(100, 'x')));
  await assert.rejects(valuesOf(jsonLines(endless, 1_000)), {
    code: 'KUBE_FAILED',
    message: /more than 1000 bytes/,
  });
  assert.ok(endless.destroyed, 'endless.destroyed');
  const odd = Readable.from([Buffer.from('<html>\n')]);
  await assert.rejects(valuesOf(jsonLines(odd)), { code: 'KUBE_FAILED', message: /no JSON: "<html>"/ });
});

test('a watch that the server does not end in time is given up, which is an end like any other', async () => {
  const silent = new PassThrough();
  assert.deepEqual(await valuesOf(watchEvents(silent, -14.98)), []);
  assert.ok(silent.destroyed, 'silent.destroyed');
});

test('watches of many informers end at different times', () => {
  assert.deepEqual(
    [0, 0.5, 1].map((value) => watchSeconds(() => value)),
    [200, 300, 400],
  );
});
