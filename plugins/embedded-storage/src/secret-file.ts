import { randomBytes, randomUUID } from 'node:crypto';
import { link, open, readFile, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf } from './disk-error.ts';

/**
 * The secret in a file that only its owner can read; made, of 32 random bytes, when it is not there. Several
 * processes that ask at once get the same: the first one's.
 */
export async function readOrMakeSecret(folder: string, name: string): Promise<Buffer> {
  const path = join(folder, name);
  const found = await readIfThere(path);
  if (found !== undefined) return found;

  const temporary = join(folder, `.${name}-${randomUUID()}`);
  const file = await open(temporary, 'wx', 0o600);
  try {
    await file.writeFile(randomBytes(32));
    await file.sync();
    await link(temporary, path).catch((error: unknown) => {
      if (codeOf(error) !== 'EEXIST') throw error;
    });
  } finally {
    await file.close();
    await unlink(temporary);
  }
  return readFile(path);
}

async function readIfThere(path: string): Promise<Buffer | undefined> {
  try {
    return await readFile(path);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}
