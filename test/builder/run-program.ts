import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/** What a program prints, without the last newline. It gets PATH and what is given. */
export async function run(file: string, env: Readonly<Record<string, string>> = {}): Promise<string> {
  const { stdout } = await promisify(execFile)(file, [], {
    env: { PATH: process.env['PATH'] ?? '', ...env },
  });
  return stdout.trimEnd();
}
