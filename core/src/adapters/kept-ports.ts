import { mkdir, readFile, readlink, rename, rm, symlink } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { hasErrno } from './errno.ts';

/** Where platforms of this user on this machine tell each other of ports. */
export function portsFolder(): string {
  return join(tmpdir(), `epinio-ports-${userInfo().uid}`);
}

/**
 * Tells other platforms that one keeps a port, also while it does not run: it could not start again on another one.
 * Idempotent. The note is lost with the temporary folder, and made again by the next claim.
 *
 * @param claims the file in which that platform remembers its ports
 */
export async function keepPort(port: number, claims: string): Promise<void> {
  const note = noteOf(port);
  if ((await keeper(port)) === claims) return;
  const draft = `${note}.${process.pid}`;
  try {
    await mkdir(keptFolder(), { recursive: true, mode: 0o700 });
    await rm(draft, { force: true });
    await symlink(claims, draft);
    await rename(draft, note);
  } catch (error) {
    // A machine without a writable temporary folder has no notes; listening then shows who was first.
    if (!hasErrno(error, 'EACCES', 'EPERM', 'EROFS', 'ENOSPC')) throw error;
  }
}

/** Whether another platform, which is still there, keeps the port. */
export async function isKeptByAnother(port: number, claims: string): Promise<boolean> {
  const other = await keeper(port);
  if (other === undefined || other === claims) return false;
  try {
    const remembered = JSON.parse(await readFile(other, 'utf8')) as Readonly<Record<string, unknown>>;
    return Object.values(remembered).includes(port);
  } catch {
    return false; // that platform was removed, or nobody could start it with this file
  }
}

async function keeper(port: number): Promise<string | undefined> {
  try {
    return await readlink(noteOf(port));
  } catch (error) {
    if (hasErrno(error, 'ENOENT', 'EACCES', 'EPERM', 'EINVAL')) return undefined;
    throw error;
  }
}

function noteOf(port: number): string {
  return join(keptFolder(), String(port));
}

function keptFolder(): string {
  return join(portsFolder(), 'kept');
}
