import { randomUUID } from 'node:crypto';
import { link, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { hasErrno } from './errno.ts';
import { isAlive, ownIdentity, type ProcessIdentity } from './process-identity.ts';

export interface LockHolder extends ProcessIdentity {
  /** Milliseconds since the epoch. */
  readonly sinceMs: number;
}

/** A lock that is held until `release`, or until the process ends in whatever way. */
export interface Lock extends AsyncDisposable {
  release(): Promise<void>;
}

/**
 * Tries to take the lock `name` in a folder, among all processes of the machine. Every taker puts a file of
 * its own there, and then looks whether another live process has one too: whoever comes second sees the
 * first, so two never hold it. Files of dead processes have names that nobody uses again, so anyone may
 * remove them at any time. Two who come at the same moment may both give way: try again.
 * @returns the lock, or who has it.
 */
export async function tryLock(folder: string, name: string, nowMs: number): Promise<Lock | LockHolder> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const present = await lockHolder(folder, name);
  if (present !== undefined) return present;
  const holder: LockHolder = { ...(await ownIdentity()), sinceMs: nowMs };
  const file = join(folder, `${name}.${holder.pid}.${randomUUID()}`);
  // Linked when it is complete, so that nobody reads half a file and takes it for a dead one.
  const draft = join(folder, `.${randomUUID()}`);
  await writeFile(draft, JSON.stringify(holder), { mode: 0o600 });
  await link(draft, file);
  await rm(draft, { force: true });
  const other = await lockHolder(folder, name, file);
  if (other !== undefined) {
    await rm(file, { force: true });
    return other;
  }
  const release = (): Promise<void> => rm(file, { force: true });
  return { release, [Symbol.asyncDispose]: release };
}

/** The live process that holds a lock. Removes what dead ones left. */
export async function lockHolder(
  folder: string,
  name: string,
  except?: string,
): Promise<LockHolder | undefined> {
  let holder: LockHolder | undefined;
  for (const entry of await entries(folder)) {
    const file = join(folder, entry);
    if (!entry.startsWith(`${name}.`) || file === except) continue;
    const found = await readHolder(file);
    if (found !== undefined && (await isAlive(found))) holder ??= found;
    else await rm(file, { force: true });
  }
  return holder;
}

async function entries(folder: string): Promise<readonly string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (hasErrno(error, 'ENOENT')) return [];
    throw error;
  }
}

async function readHolder(file: string): Promise<LockHolder | undefined> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as LockHolder;
  } catch (error) {
    // Released meanwhile; or torn by a power cut, which its process did not survive either.
    if (hasErrno(error, 'ENOENT') || error instanceof SyntaxError) return undefined;
    throw error;
  }
}
