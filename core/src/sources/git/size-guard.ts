import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { badRequest } from '../../apps/published-errors.ts';
import type { EpinioError } from '../../kernel/errors.ts';
import type { Clock } from '../../ports/clock.ts';

const LOOK_MS = 500;

export function tooLarge(url: string, maxBytes: number): EpinioError {
  return badRequest(
    'GIT_TOO_LARGE',
    `git repository '${url}' is larger than ${Math.round(maxBytes / 1024 ** 2)} MiB`,
    {
      fix: 'Push from a folder, or name a branch or tag rather than a commit: then only one commit is fetched',
    },
  );
}

/** Looks at how much a folder holds while something writes to it, and aborts that when it becomes too much. */
export async function guardSize(
  folder: string,
  options: {
    readonly maxBytes: number;
    readonly url: string;
    readonly clock: Clock;
    readonly stop: AbortController;
  },
): Promise<void> {
  const { maxBytes, url, clock, stop } = options;
  while (!stop.signal.aborted) {
    if ((await folderBytes(folder)) > maxBytes) {
      stop.abort(tooLarge(url, maxBytes));
      return;
    }
    await clock.sleep(LOOK_MS, stop.signal).catch(() => undefined); // aborted: the loop ends
  }
}

/** Bytes of the files below a folder; what goes away meanwhile counts as nothing. */
async function folderBytes(folder: string): Promise<number> {
  let names;
  try {
    names = await readdir(folder, { withFileTypes: true, recursive: true });
  } catch {
    return 0; // not there yet, or changed under the walk: looked at again in a moment
  }
  let bytes = 0;
  for (const name of names) {
    if (!name.isFile()) continue;
    const info = await stat(join(name.parentPath, name.name)).catch(() => undefined);
    bytes += info?.size ?? 0;
  }
  return bytes;
}
