import { spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import type { Environment } from './environment.ts';

export interface Execution {
  readonly directory: string;
  readonly environment: Environment;
  readonly args?: readonly string[];
  /** Each line of stdout and stderr as it comes, without its newline. */
  readonly onLine: (line: string) => void;
}

/** How a program ended: one of the two is set. */
export interface Ending {
  readonly exitCode: number | undefined;
  readonly signal: string | undefined;
}

/** A longer line is handed on in pieces, so that output without newlines takes no memory. */
const MAX_LINE = 16 * 1024;
/** What a program left running in the background may keep its output open for, after the program has ended. */
const DRAIN_MS = 250;

/**
 * Runs one program of a buildpack to its end. A signal to this process is handed on to it. Fails when it
 * cannot be started at all, for example because it is not executable.
 */
export function execute(
  file: string,
  { directory, environment, args = [], onLine }: Execution,
): Promise<Ending> {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { cwd: directory, env: environment, stdio: ['ignore', 'pipe', 'pipe'] });
    const handOn = (signal: NodeJS.Signals): void => {
      child.kill(signal);
    };
    process.on('SIGTERM', handOn).on('SIGINT', handOn);
    const streams = [splitLines(child.stdout, onLine), splitLines(child.stderr, onLine)];
    let drain: NodeJS.Timeout | undefined;
    const settle = (act: () => void): void => {
      clearTimeout(drain);
      process.off('SIGTERM', handOn).off('SIGINT', handOn);
      for (const flush of streams) flush();
      act();
    };
    child.once('error', (error) => settle(() => reject(error)));
    child.once('exit', () => {
      drain = setTimeout(() => {
        child.stdout.destroy();
        child.stderr.destroy();
      }, DRAIN_MS);
    });
    child.once('close', (exitCode, signal) =>
      settle(() => resolve({ exitCode: exitCode ?? undefined, signal: signal ?? undefined })),
    );
  });
}

/** @returns what hands on the last line when it has no newline. */
function splitLines(stream: Readable, onLine: (line: string) => void): () => void {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  stream.on('data', (chunk: Buffer) => {
    const lines = (rest + decoder.write(chunk)).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) onLine(afterCarriageReturns(line));
    while (rest.length > MAX_LINE) {
      onLine(rest.slice(0, MAX_LINE));
      rest = rest.slice(MAX_LINE);
    }
  });
  return () => {
    const last = rest + decoder.end();
    rest = '';
    if (last !== '') onLine(afterCarriageReturns(last));
  };
}

/** Progress bars rewrite their line: what a terminal would show in the end. */
function afterCarriageReturns(line: string): string {
  const text = line.endsWith('\r') ? line.slice(0, -1) : line;
  return text.slice(text.lastIndexOf('\r') + 1);
}
