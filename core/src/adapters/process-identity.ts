import { readFile } from 'node:fs/promises';
import { hasErrno } from './errno.ts';

/** A process, told from a later one with the same id. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Boot and start time as the kernel has them; absent where it does not say (no /proc). */
  readonly birth?: string;
}

export async function ownIdentity(): Promise<ProcessIdentity> {
  return identityOf(process.pid);
}

/** True while that very process lives. */
export async function isAlive(identity: ProcessIdentity): Promise<boolean> {
  try {
    process.kill(identity.pid, 0);
  } catch (error) {
    // EPERM: it lives, and is another user's.
    if (hasErrno(error, 'ESRCH')) return false;
    if (!hasErrno(error, 'EPERM')) throw error;
  }
  if (identity.birth === undefined) return true;
  const { birth } = await identityOf(identity.pid);
  return birth === identity.birth;
}

async function identityOf(pid: number): Promise<ProcessIdentity> {
  try {
    const [stat, boot] = await Promise.all([
      readFile(`/proc/${pid}/stat`, 'utf8'),
      readFile('/proc/sys/kernel/random/boot_id', 'utf8'),
    ]);
    // After the name, which may hold spaces and parentheses; start time is field 22 of proc(5), state field 3.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const [state] = fields;
    const started = fields[19];
    // A zombie has ended: only its parent has not looked yet.
    if (started === undefined || state === 'Z') return { pid };
    return { pid, birth: `${boot.trim()}/${started}` };
  } catch (error) {
    if (hasErrno(error, 'ENOENT') || hasErrno(error, 'ESRCH')) return { pid };
    throw error;
  }
}
