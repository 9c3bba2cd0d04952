import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

export interface ResidentMemory {
  readonly nowMb: number;
  /** The most since the process began; where the system does not say, the same as now. */
  readonly peakMb: number;
}

/** Memory that a process holds (resident set), in MB of 10^6 bytes; undefined when it has ended. */
export async function residentMemory(pid: number): Promise<ResidentMemory | undefined> {
  try {
    const status = await readFile(`/proc/${pid}/status`, 'utf8');
    const nowMb = kilobytes(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1]);
    const peakMb = kilobytes(/^VmHWM:\s+(\d+) kB/m.exec(status)?.[1]);
    return Number.isNaN(nowMb) ? undefined : { nowMb, peakMb };
  } catch {
    // Not Linux, or the process has ended: ps knows.
  }
  const { stdout } = await promisify(execFile)('ps', ['-o', 'rss=', '-p', String(pid)]).catch(() => ({
    stdout: '',
  }));
  const nowMb = kilobytes(stdout.trim() || undefined);
  return Number.isNaN(nowMb) ? undefined : { nowMb, peakMb: nowMb };
}

function kilobytes(text: string | undefined): number {
  return text === undefined ? NaN : (Number(text) * 1024) / 1e6;
}

/** Watches a process until it ends or the watch is stopped. */
export class MemoryWatch {
  readonly #timer: NodeJS.Timeout;
  #peakMb = 0;
  #look: Promise<void> = Promise.resolve();

  constructor(pid: number, everyMs = 20) {
    const look = async (): Promise<void> => {
      const memory = await residentMemory(pid);
      this.#peakMb = Math.max(this.#peakMb, memory?.peakMb ?? 0);
    };
    this.#timer = setInterval(() => {
      this.#look = look();
    }, everyMs);
  }

  /** The most that was seen. */
  async stop(): Promise<number> {
    clearInterval(this.#timer);
    await this.#look;
    return this.#peakMb;
  }
}
