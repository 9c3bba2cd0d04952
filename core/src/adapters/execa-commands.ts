import { access, constants, stat } from 'node:fs/promises';
import { constants as system } from 'node:os';
import { delimiter, isAbsolute, join } from 'node:path';
import { EpinioError, messageOf } from '../kernel/errors.ts';
import type { CommandOptions, CommandResult, Commands } from '../ports/commands.ts';
import { hasErrno } from './errno.ts';
import { OutputTail } from './output-tail.ts';

const GRACE_MS = 5_000;
/** How long output is waited for after a program has ended: something it started may keep its pipes open. */
const DRAIN_MS = 500;
const LAST_LINES = 10;

export interface CommandsOptions {
  /** Where PATH and HOME are taken from; default this process's environment. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** How long a program that was told to end may take before it is killed; default 5 000. */
  readonly graceMs?: number;
}

/** `Commands` on execa: each program in a process group of its own, which ends as a whole. */
export function createCommands(options: CommandsOptions = {}): Commands {
  // eslint-disable-next-line no-restricted-properties -- the port promises every program this process's PATH and HOME
  const { PATH = '', HOME } = options.environment ?? process.env;
  const { graceMs = GRACE_MS } = options;
  const inherited = { PATH, ...(HOME === undefined ? {} : { HOME }) };
  return {
    run: (file, args, run) => runProgram(file, args, { ...run, graceMs, env: { ...inherited, ...run.env } }),
    find: (file) => findProgram(file, PATH),
  };
}

type Run = CommandOptions & { readonly env: Readonly<Record<string, string>>; readonly graceMs: number };

async function runProgram(file: string, args: readonly string[], options: Run): Promise<CommandResult> {
  const { cwd, env, input, timeoutMs, graceMs, signal, maxOutput, onLine } = options;
  if (signal?.aborted === true) throw aborted(file, signal);
  const { execa } = await import('execa');
  const subprocess = execa(file, args, {
    ...(cwd === undefined ? {} : { cwd }),
    env,
    extendEnv: false,
    // A group of its own, so that what it starts can be ended with it.
    detached: true,
    cleanup: false,
    buffer: false,
    reject: false,
    ...(input === undefined ? { stdin: 'ignore' as const } : { input }),
  });
  const stdout = new OutputTail((line) => onLine?.(line, 'stdout'), maxOutput);
  const stderr = new OutputTail((line) => onLine?.(line, 'stderr'), maxOutput);
  subprocess.stdout.on('data', (chunk: Buffer) => stdout.write(chunk));
  subprocess.stderr.on('data', (chunk: Buffer) => stderr.write(chunk));
  subprocess.once('exit', () => {
    setTimeout(() => {
      subprocess.stdout.destroy();
      subprocess.stderr.destroy();
    }, DRAIN_MS).unref();
  });

  let stopped: 'timeout' | 'abort' | undefined;
  let kill: NodeJS.Timeout | undefined;
  const stop = (why: 'timeout' | 'abort'): void => {
    if (stopped !== undefined) return;
    stopped = why;
    signalGroup(subprocess.pid, 'SIGTERM');
    kill = setTimeout(() => signalGroup(subprocess.pid, 'SIGKILL'), graceMs);
  };
  const timer = setTimeout(() => stop('timeout'), timeoutMs);
  const onAbort = (): void => stop('abort');
  signal?.addEventListener('abort', onAbort, { once: true });
  try {
    const result = await subprocess;
    stdout.end();
    stderr.end();
    if (subprocess.pid === undefined)
      throw await notStarted(file, cwd, result.cause ?? result.originalMessage);
    if (stopped !== undefined) {
      // Its descendants may have survived their parent.
      signalGroup(subprocess.pid, 'SIGKILL');
      if (stopped === 'abort' && signal !== undefined) throw aborted(file, signal);
      throw timedOut(file, timeoutMs, lastLines(stderr.text, env));
    }
    // As a shell reports a program that a signal ended.
    const exitCode =
      result.exitCode ?? (result.signal === undefined ? 1 : 128 + system.signals[result.signal]);
    return { exitCode, stdout: stdout.text, stderr: stderr.text };
  } finally {
    clearTimeout(timer);
    clearTimeout(kill);
    signal?.removeEventListener('abort', onAbort);
  }
}

function signalGroup(pid: number | undefined, name: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, name);
  } catch (error) {
    // The whole group has ended already.
    if (!hasErrno(error, 'ESRCH')) throw error;
  }
}

async function findProgram(file: string, path: string): Promise<string | undefined> {
  const candidates = isAbsolute(file) ? [file] : path.split(delimiter).map((folder) => join(folder, file));
  for (const candidate of candidates) {
    try {
      await access(candidate, constants.X_OK);
      if (isAbsolute(candidate) && (await stat(candidate)).isFile()) return candidate;
    } catch (error) {
      if (!hasErrno(error, 'ENOENT', 'EACCES', 'ENOTDIR')) throw error;
    }
  }
  return undefined;
}

async function notStarted(file: string, cwd: string | undefined, cause: unknown): Promise<EpinioError> {
  if (cwd !== undefined) {
    const folder = await stat(cwd).catch(() => undefined);
    if (folder?.isDirectory() !== true) {
      return new EpinioError(
        'COMMAND_NOT_STARTED',
        `"${file}" cannot be run in "${cwd}", which is no folder`,
        { cause },
      );
    }
  }
  if (!hasErrno(cause, 'ENOENT')) {
    return new EpinioError('COMMAND_NOT_STARTED', `"${file}" cannot be run: ${messageOf(cause)}`, { cause });
  }
  return new EpinioError('COMMAND_NOT_FOUND', `The program "${file}" is not installed, or not on PATH`, {
    fix: `Install "${file}"`,
    cause,
  });
}

function timedOut(file: string, timeoutMs: number, details: readonly string[]): EpinioError {
  return new EpinioError('COMMAND_TIMEOUT', `"${file}" did not end within ${timeoutMs / 1000} s`, {
    details,
    fault: 'system',
  });
}

function aborted(file: string, signal: AbortSignal): EpinioError {
  return new EpinioError('COMMAND_ABORTED', `"${file}" was stopped`, { cause: signal.reason });
}

/** The end of an output, for people; values of the environment, which may be secrets, are blanked. */
function lastLines(text: string, env: Readonly<Record<string, string>>): readonly string[] {
  const secrets = Object.entries(env)
    .filter(([key, value]) => key !== 'PATH' && key !== 'HOME' && value.length > 2)
    .map(([, value]) => value);
  const blanked = secrets.reduce((result, secret) => result.replaceAll(secret, '[redacted]'), text);
  return blanked
    .trimEnd()
    .split('\n')
    .slice(-LAST_LINES)
    .filter((line) => line !== '');
}
