import { randomBytes, randomUUID } from 'node:crypto';
import { link, open, readFile, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf, ifThere } from './disk.ts';

/**
 * The registry's password, from a file that only its owner can read; made, of 32 random bytes, when it is not
 * there. Several processes that ask at once get the same: the first one's.
 */
export async function readOrMakePassword(folder: string): Promise<string> {
  const path = join(folder, 'password');
  const found = await ifThere(readFile(path, 'utf8'));
  if (found !== undefined) return found;

  const temporary = join(folder, `.password-${randomUUID()}`);
  const file = await open(temporary, 'wx', 0o600);
  try {
    await file.writeFile(randomBytes(32).toString('base64url'));
    await file.sync();
    await link(temporary, path).catch((error: unknown) => {
      if (codeOf(error) !== 'EEXIST') throw error;
    });
  } finally {
    await file.close();
    await unlink(temporary);
  }
  return readFile(path, 'utf8');
}
