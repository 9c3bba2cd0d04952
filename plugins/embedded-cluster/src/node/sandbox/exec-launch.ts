import { spawn } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { messageOf } from '@epinio/core';
import { onlyDescriptors } from '../process/descriptors.ts';
import type { Launch } from './isolation.ts';

/** Output kept of a command: enough to say why it failed. */
const MAX_OUTPUT = 10 * 1024;

export interface ExecResult {
  /** 124 after the timeout, 127 when it could not be started. */
  readonly exitCode: number;
  /** The beginning of stdout and stderr together. */
  readonly output: string;
}

/**
 * Runs a command that ends by itself (a probe, a hook) to its end; never rejects. After `timeoutMs`, or when the
 * signal is aborted, it is killed with its process group.
 */
export function execLaunch(launch: Launch, timeoutMs: number, signal?: AbortSignal): Promise<ExecResult> {
  return new Promise((resolve) => {
    const child = spawn(launch.command[0] ?? '', launch.command.slice(1), {
      cwd: launch.cwd,
      env: launch.env,
      detached: true,
      stdio: onlyDescriptors(['ignore', 'pipe', 'pipe', 'pipe', 'pipe']),
      ...(launch.uid === undefined ? {} : { uid: launch.uid, gid: launch.uid }),
    });
    let output = '';
    let isLate = false;
    const kill = (): void => {
      isLate = true;
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
    };
    const timer = setTimeout(kill, timeoutMs);
    const finish = (exitCode: number): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', kill);
      resolve({ exitCode: isLate ? 124 : exitCode, output });
    };
    const collect = (chunk: string): void => {
      if (output.length < MAX_OUTPUT) output += chunk.slice(0, MAX_OUTPUT - output.length);
    };
    child.stdout?.setEncoding('utf8').on('data', collect);
    child.stderr?.setEncoding('utf8').on('data', collect);
    child.once('error', (error) => {
      collect(messageOf(error));
      finish(127);
    });
    child.once('close', (code) => finish(code ?? 137));
    signal?.addEventListener('abort', kill, { once: true });
    // Descriptor 3 is where bubblewrap says what it has made; nobody asks here.
    (child.stdio[3] as Readable | null)?.resume();
    // A command that ends without reading descriptor 4 (a broken pipe) says so by its exit code.
    (child.stdio[4] as Writable | null)?.on('error', () => undefined).end(launch.descriptor4 ?? '');
  });
}
