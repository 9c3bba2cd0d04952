import { randomBytes } from 'node:crypto';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

export interface AdminCredentials {
  readonly user: string;
  readonly password: string;
}

const FILE = 'admin.json';

/**
 * The administrator of an embedded platform. Made once and kept in its folder with mode 0600, before the
 * cluster hears of it: an install that is interrupted loses no password.
 */
export async function adminCredentials(dataDir: string): Promise<AdminCredentials> {
  const path = join(dataDir, FILE);
  try {
    return JSON.parse(await readFile(path, 'utf8')) as AdminCredentials;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  const made = { user: 'admin', password: randomBytes(16).toString('base64url') };
  const temporary = `${path}.${String(process.pid)}.tmp`;
  await writeFile(temporary, JSON.stringify(made), { mode: 0o600 });
  await rename(temporary, path);
  return made;
}
