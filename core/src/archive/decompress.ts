import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { pipeline } from 'node:stream';
import { pipeline as pipelined } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { invalid, unsupported } from './archive-error.ts';
import type { ArchiveType } from './archive-type.ts';
import type { Source } from './source.ts';

const CHUNK = 128 * 1024;
const MAX_MESSAGE = 2000;

/** Programs that undo the compressions Node.js has no code for, with a bound on their memory. */
const PROGRAMS: Partial<Record<ArchiveType, readonly [program: string, ...args: string[]]>> = {
  'application/x-bzip2': ['bzip2', '-dc'],
  'application/x-xz': ['xz', '-dc', '--memlimit-decompress=256MiB'],
  'application/zstd': ['zstd', '-dcq', '--memory=256MB'],
};

/** The bytes without their compression. Fails with `ARCHIVE_INVALID` or `ARCHIVE_UNSUPPORTED`. */
export function decompress(source: Source, type: ArchiveType): AsyncIterable<Buffer> {
  if (type === 'application/gzip') return gunzip(source);
  const command = PROGRAMS[type];
  return command === undefined ? source.bytes() : runProgram(source, command);
}

async function* gunzip(source: Source): AsyncGenerator<Buffer, void, undefined> {
  const decoder = createGunzip({ chunkSize: CHUNK });
  pipeline(source.bytes(), decoder, () => undefined); // a failure shows in the loop below
  try {
    for await (const chunk of decoder) yield chunk as Buffer;
  } catch (error) {
    throw source.failure ?? invalid('is damaged: its gzip stream is changed or cut short', undefined, error);
  } finally {
    decoder.destroy();
  }
}

async function* runProgram(
  source: Source,
  [program, ...args]: readonly [string, ...string[]],
): AsyncGenerator<Buffer, void, undefined> {
  const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'] });
  const exit = once(child, 'close').then(([code]: unknown[]) => code); // rejects when it cannot be started
  exit.catch(() => undefined);
  let message = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    message = (message + text).slice(0, MAX_MESSAGE);
  });
  const feeding = pipelined(source.bytes(), child.stdin).catch(() => undefined); // a program that ends early says so by its exit code
  try {
    for await (const chunk of child.stdout) yield chunk as Buffer;
    const code = await exit.catch((error: unknown) => {
      throw unsupported(
        `needs the program "${program}", which is not installed`,
        `Install ${program}, or send a tar.gz or a zip`,
        error,
      );
    });
    await feeding;
    if (source.failure !== undefined) throw source.failure;
    if (code !== 0)
      throw invalid(`is damaged: ${message.trim() || `"${program}" ended with code ${String(code)}`}`);
  } finally {
    child.kill('SIGKILL');
  }
}
