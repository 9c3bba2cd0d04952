import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { UnpackedImage } from './unpacked-image.ts';

export interface RunningApp extends AsyncDisposable {
  readonly url: string;
  /** What it said when it was ready. */
  readonly line: string;
  /** Asks it to end. @returns its exit code */
  stop(): Promise<number | null>;
}

/** Starts the image's entrypoint where it was unpacked, and waits for a line that ends with its port. */
export async function startApp(
  image: UnpackedImage,
  env: Readonly<Record<string, string>> = {},
): Promise<RunningApp> {
  const [entrypoint = ''] = image.config.config?.Entrypoint ?? [];
  const child = spawn(join(image.root, entrypoint), [], {
    env: { PATH: process.env['PATH'] ?? '', PORT: '0', ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(child, 'exit') as Promise<[number | null]>;
  const stop = async (): Promise<number | null> => {
    if (child.exitCode === null) child.kill('SIGTERM');
    return (await ended)[0];
  };
  const said = new Promise<string>((resolve) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      if (/port \d+$/.test(line)) resolve(line);
    });
  });
  const line = await Promise.race([said, ended]);
  if (typeof line !== 'string') throw new Error(`it ended with ${String(line[0])} before it said its port`);
  return {
    url: `http://127.0.0.1:${line.slice(line.lastIndexOf(' ') + 1)}`,
    line,
    stop,
    async [Symbol.asyncDispose]() {
      await stop();
    },
  };
}
