import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);
const TIMEOUT_MS = 60_000;

/** Bytes that the folders take on the disk, each; a hard link counts once. Folders that are not there take none. */
export async function diskUsage(folders: readonly string[]): Promise<ReadonlyMap<string, number>> {
  const usage = new Map<string, number>(folders.map((folder) => [folder, 0]));
  if (folders.length === 0) return usage;
  const { stdout } = await run('du', ['-sk', ...folders], {
    timeout: TIMEOUT_MS,
    maxBuffer: 1024 * 1024,
  }).catch(
    // It exits with 1 when a file went while it looked, and has counted the rest.
    (error: unknown) => ({ stdout: (error as { stdout?: string }).stdout ?? '' }),
  );
  for (const line of stdout.split('\n')) {
    const tab = line.indexOf('\t');
    if (tab > 0) usage.set(line.slice(tab + 1), Number(line.slice(0, tab)) * 1024);
  }
  return usage;
}
