import assert from 'node:assert/strict';
import {
  appendFileSync,
  existsSync,
  mkdtempSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { Log, PodLogOptions } from '@epinio/core';
import { ContainerLog } from './container-log.ts';
import { readLog, rfc3339Nano } from './read-log.ts';

const base = mkdtempSync(join(tmpdir(), 'epinio-log-'));
after(() => rmSync(base, { recursive: true, force: true }));

const silent: Log = { debug() {}, info() {}, warn() {}, error() {}, child: () => silent };
let files = 0;

function openLog(options: { maxBytes?: number; keep?: number; file?: string } = {}): ContainerLog {
  const { file = join(base, `${++files}.log`), maxBytes = 1e9, keep = 4 } = options;
  return new ContainerLog({ file, maxBytes, keep, log: silent });
}

async function text(log: ContainerLog, options: PodLogOptions = {}, now = Date.now()): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of readLog(log, options, now)) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

/** Writes as a container does, at a time of the test's choice. */
function writeAt(log: ContainerLog, content: string, time: string): void {
  appendFileSync(log.file, content);
  utimesSync(log.file, new Date(time), new Date(time));
  log.look();
}

test('each line has the time at which it was written', async () => {
  const log = openLog();
  writeAt(log, 'one\ntwo\n', '2026-01-01T10:00:00.250Z');
  writeAt(log, 'three\n', '2026-01-01T10:00:05Z');
  const expected =
    '2026-01-01T10:00:00.250000000Z one\n2026-01-01T10:00:00.250000000Z two\n2026-01-01T10:00:05.000000000Z three\n';
  assert.equal(await text(log, { timestamps: true }), expected);
  // The times are in the index file, not in memory.
  assert.equal(await text(openLog({ file: log.file }), { timestamps: true }), expected);
});

test('times have nanoseconds', () => {
  assert.equal(rfc3339Nano(1_767_261_600_000_000_042n), '2026-01-01T10:00:00.000000042Z');
});

test('tail counts lines from the end, whether or not the last is finished', async () => {
  const log = openLog();
  writeAt(log, 'a\nb\nc\n', '2026-01-01T10:00:00Z');
  assert.equal(await text(log, { tailLines: 2 }), 'b\nc\n');
  assert.equal(await text(log, { tailLines: 0 }), '');
  assert.equal(await text(log, { tailLines: 99 }), 'a\nb\nc\n');
  writeAt(log, 'd', '2026-01-01T10:00:01Z');
  assert.equal(await text(log, { tailLines: 2 }), 'c\nd');
  assert.equal(await text(log, { tailLines: 0 }), '');
});

test('since leaves out what is older', async () => {
  const log = openLog();
  writeAt(log, 'old\n', '2026-01-01T10:00:00Z');
  writeAt(log, 'new\n', '2026-01-01T10:01:00Z');
  assert.equal(await text(log, { sinceTime: '2026-01-01T10:00:30Z' }), 'new\n');
  assert.equal(await text(log, { sinceSeconds: 30 }, Date.parse('2026-01-01T10:01:10Z')), 'new\n');
  assert.equal(await text(log, { sinceSeconds: 300 }, Date.parse('2026-01-01T10:01:10Z')), 'old\nnew\n');
  assert.equal(await text(log, { sinceTime: '2026-01-02T00:00:00Z' }), '');
  assert.equal(await text(log, { sinceTime: '2026-01-01T09:00:00Z', tailLines: 1 }), 'new\n');
});

test('a long log is rotated, the newest files are kept, and reading goes over all of them', async () => {
  const log = openLog({ maxBytes: 100, keep: 2 });
  const lines = Array.from({ length: 40 }, (_, index) => `line ${String(index).padStart(3, '0')}\n`);
  for (const line of lines) {
    writeAt(log, line, '2026-01-01T10:00:00Z');
    await log.settled();
  }
  assert.ok(statSync(log.file).size <= 100, 'statSync(log.file).size <= 100');
  assert.equal(existsSync(`${log.file}.2`), true);
  assert.equal(existsSync(`${log.file}.3`), false);
  const all = await text(log);
  assert.ok(all.endsWith(lines.slice(-25).join('')), all);
  assert.equal(await text(log, { tailLines: 15 }), lines.slice(-15).join(''));
  const timed = await text(log, { tailLines: 15, timestamps: true });
  assert.equal(
    timed,
    lines
      .slice(-15)
      .map((line) => `2026-01-01T10:00:00.000000000Z ${line}`)
      .join(''),
  );
});

test('a follower sees every line once, over rotations, and ends with the container', async () => {
  const log = openLog({ maxBytes: 2000, keep: 3 });
  log.follow();
  const reading = text(log, { follow: true });
  const lines = Array.from({ length: 500 }, (_, index) => `line ${index}\n`);
  for (const line of lines) {
    appendFileSync(log.file, line);
    await new Promise((resolve) => setImmediate(resolve));
    if (Math.random() < 0.1) await new Promise((resolve) => setTimeout(resolve, 5));
  }
  log.end();
  assert.equal(await reading, lines.join(''));
});

test('a follower ends when it is told to', async () => {
  const log = openLog();
  writeAt(log, 'one\n', '2026-01-01T10:00:00Z');
  const stop = new AbortController();
  const seen: string[] = [];
  for await (const chunk of readLog(log, { follow: true, signal: stop.signal }, 0)) {
    seen.push(String(chunk));
    setImmediate(() => stop.abort());
  }
  assert.deepEqual(seen, ['one\n']);
});

test('a rotation that was killed before the truncation is finished by the next start', async () => {
  const log = openLog();
  writeAt(log, 'one\ntwo\n', '2026-01-01T10:00:00Z');
  log.close();
  // As it is after the copy was renamed; a line came since.
  writeFileSync(`${log.file}.1`, 'one\ntwo\n');
  appendFileSync(log.file, 'three\n');
  assert.equal(await text(openLog({ file: log.file })), 'one\ntwo\nthree\n');
});
