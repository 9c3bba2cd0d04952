import { statSync } from 'node:fs';
import { open, stat, type FileHandle } from 'node:fs/promises';
import { Readable } from 'node:stream';
import type { PodLogOptions } from '@epinio/core';
import type { ContainerLog } from './container-log.ts';
import { LogTimes } from './log-index.ts';
import { countRotated, indexFile, rotatedFile } from './rotated-files.ts';

const CHUNK = 64 * 1024;
const NEWLINE = 10;

/** A place in a log: a byte of the file of one generation. */
interface Position {
  readonly generation: number;
  readonly offset: number;
}

/**
 * The bytes of a container's log, oldest first, over its rotated files. With `follow` it goes on until the
 * container ends, the signal is aborted or the reader destroys it. Memory is one chunk.
 *
 * @param now milliseconds since the epoch, for `sinceSeconds`
 */
export function readLog(log: ContainerLog, options: PodLogOptions, now: number): Readable {
  return Readable.from(bytes(log, options, now), { objectMode: false });
}

/** What is written to the log from now on, until the container ends or the reader destroys it. */
export function followLog(log: ContainerLog): Readable {
  const { size } = statSync(log.file);
  const from = { generation: log.generation, offset: size };
  return Readable.from(bytes(log, { follow: true }, 0, from), { objectMode: false });
}

async function* bytes(
  log: ContainerLog,
  options: PodLogOptions,
  now: number,
  from?: Position,
): AsyncGenerator<Buffer, void, undefined> {
  await log.settled();
  if (log.isOpen) log.look();
  const times = options.timestamps === true ? new LineTimes(log) : undefined;
  let at = from ?? (await startOf(log, options, now));
  let file: FileHandle | undefined;
  const chunk = Buffer.alloc(CHUNK);
  const isAborted = (): boolean => options.signal?.aborted === true;
  try {
    while (!isAborted()) {
      const { generation, isOpen } = log;
      at = atLeastOldest(at, log);
      file ??= await open(rotatedFile(log.file, generation - at.generation), 'r');
      const { bytesRead } = await file.read(chunk, 0, CHUNK, at.offset);
      // A rotation meanwhile: what was read may be of either file, so it is read again from the older.
      if (generation !== log.generation) {
        await file.close();
        file = undefined;
        continue;
      }
      if (bytesRead > 0) {
        const read = Buffer.from(chunk.subarray(0, bytesRead));
        yield times === undefined ? read : times.prefix(read, at);
        at = { generation: at.generation, offset: at.offset + bytesRead };
      } else if (at.generation < log.generation) {
        await file.close();
        file = undefined;
        at = { generation: at.generation + 1, offset: 0 };
      } else if (options.follow !== true || !isOpen) {
        return;
      } else if (at.offset >= log.size && log.isOpen) {
        // Both are looked at anew: they may have changed while the read was under way.
        await nextChange(log, options.signal);
      }
    }
  } finally {
    await file?.close();
  }
}

/** Where a reader begins: as many lines from the end, and not before the time, as it asks for. */
async function startOf(
  log: ContainerLog,
  { tailLines, sinceSeconds, sinceTime }: PodLogOptions,
  now: number,
): Promise<Position> {
  const since = sinceTime === undefined ? sinceSeconds && now - sinceSeconds * 1000 : Date.parse(sinceTime);
  const byTail = tailLines === undefined ? undefined : await tail(log, tailLines);
  const byTime =
    since === undefined ? undefined : await firstSince(log, BigInt(Math.floor(since)) * 1_000_000n);
  return later(byTail ?? oldest(log), byTime ?? oldest(log));
}

function later(a: Position, b: Position): Position {
  if (a.generation !== b.generation) return a.generation > b.generation ? a : b;
  return a.offset > b.offset ? a : b;
}

function oldest(log: ContainerLog): Position {
  return { generation: log.generation - countRotated(log.file), offset: 0 };
}

/** A reader that fell behind more files than are kept goes on with the oldest of them. */
function atLeastOldest(at: Position, log: ContainerLog): Position {
  return at.generation < log.generation - log.keep ? oldest(log) : at;
}

/** The beginning of the last `lines` lines. */
async function tail(log: ContainerLog, lines: number): Promise<Position> {
  if (lines === 0) return endOf(log);
  let wanted = lines + 1; // the newline that ends the last line is found first
  const first = oldest(log).generation;
  for (let generation = log.generation; generation >= first; generation--) {
    const file = await open(rotatedFile(log.file, log.generation - generation), 'r');
    try {
      const { size } = await file.stat();
      if (generation === log.generation && !(await endsWithNewline(file, size))) wanted -= 1;
      for (let end = size; end > 0;) {
        const begin = Math.max(0, end - CHUNK);
        const { buffer } = await file.read(Buffer.alloc(end - begin), 0, end - begin, begin);
        for (
          let at = buffer.lastIndexOf(NEWLINE);
          at >= 0;
          at = at === 0 ? -1 : buffer.lastIndexOf(NEWLINE, at - 1)
        ) {
          wanted -= 1;
          if (wanted === 0) return { generation, offset: begin + at + 1 };
        }
        end = begin;
      }
    } finally {
      await file.close();
    }
  }
  return oldest(log);
}

async function endsWithNewline(file: FileHandle, size: number): Promise<boolean> {
  if (size === 0) return true;
  const { buffer } = await file.read(Buffer.alloc(1), 0, 1, size - 1);
  return buffer[0] === NEWLINE;
}

/** The first line that began at `timeNs` or later. */
async function firstSince(log: ContainerLog, timeNs: bigint): Promise<Position> {
  for (let { generation } = oldest(log); generation <= log.generation; generation++) {
    const path = rotatedFile(log.file, log.generation - generation);
    const offset = new LogTimes(indexFile(path)).offsetSince(timeNs);
    if (offset !== undefined) return { generation, offset: await nextLine(path, offset) };
  }
  return endOf(log);
}

async function endOf(log: ContainerLog): Promise<Position> {
  const { size } = await stat(log.file);
  return { generation: log.generation, offset: size };
}

/** `offset`, or the beginning of the next line when it is inside of one. */
async function nextLine(path: string, offset: number): Promise<number> {
  if (offset === 0) return 0;
  const file = await open(path, 'r');
  try {
    for (let at = offset - 1; ;) {
      const { bytesRead, buffer } = await file.read(Buffer.alloc(CHUNK), 0, CHUNK, at);
      if (bytesRead === 0) return at;
      const newline = buffer.subarray(0, bytesRead).indexOf(NEWLINE);
      if (newline >= 0) return at + newline + 1;
      at += bytesRead;
    }
  } finally {
    await file.close();
  }
}

async function nextChange(log: ContainerLog, signal: AbortSignal | undefined): Promise<void> {
  if (signal?.aborted === true) return;
  await new Promise<void>((resolve) => {
    const done = (): void => {
      log.changes.off('change', done);
      signal?.removeEventListener('abort', done);
      resolve();
    };
    log.changes.on('change', done);
    signal?.addEventListener('abort', done);
  });
}

/** Puts the time before each line. */
class LineTimes {
  readonly #log: ContainerLog;
  #generation = -1;
  #times: LogTimes | undefined;
  #atLineStart = true;

  constructor(log: ContainerLog) {
    this.#log = log;
  }

  prefix(bytes: Buffer, { generation, offset }: Position): Buffer {
    const parts: Buffer[] = [];
    for (let at = 0; at < bytes.length;) {
      const newline = bytes.indexOf(NEWLINE, at);
      const end = newline < 0 ? bytes.length : newline + 1;
      if (this.#atLineStart)
        parts.push(Buffer.from(`${rfc3339Nano(this.#timeOf(generation, offset + at))} `));
      parts.push(bytes.subarray(at, end));
      this.#atLineStart = newline >= 0;
      at = end;
    }
    return Buffer.concat(parts);
  }

  #timeOf(generation: number, offset: number): bigint {
    if (generation === this.#log.generation) {
      const recent = this.#log.recentTimeOf(offset);
      if (recent !== undefined) return recent;
    }
    if (generation !== this.#generation) this.#load(generation);
    let time = this.#times?.timeOf(offset);
    if (time === undefined) {
      if (this.#log.isOpen) this.#log.look();
      this.#load(generation);
      time = this.#times?.timeOf(offset);
    }
    return time ?? BigInt(Date.now()) * 1_000_000n;
  }

  #load(generation: number): void {
    this.#generation = generation;
    this.#times = new LogTimes(indexFile(rotatedFile(this.#log.file, this.#log.generation - generation)));
  }
}

/** RFC 3339 with nine digits of a second, in UTC. */
export function rfc3339Nano(timeNs: bigint): string {
  const seconds = new Date(Number(timeNs / 1_000_000n)).toISOString().slice(0, 19);
  return `${seconds}.${String(timeNs % 1_000_000_000n).padStart(9, '0')}Z`;
}
