import type { NodeTimings } from '../timings.ts';
import type { Terminated } from './describe-exit.ts';

/** The kubelet's pauses: none before the first restart, then doubling ones, until a run was long enough. */
export class CrashBackoff {
  readonly #timings: NodeTimings;
  #crashes = 0;

  constructor(timings: NodeTimings) {
    this.#timings = timings;
  }

  /** Milliseconds between this end and the next start. */
  after({ startedAt = '', finishedAt = '' }: Terminated): number {
    const { crashBackoffMs, crashBackoffMaxMs, crashResetMs } = this.#timings;
    if (Date.parse(finishedAt) - Date.parse(startedAt) >= crashResetMs) this.#crashes = 0;
    const crashes = this.#crashes++;
    return crashes === 0 ? 0 : Math.min(crashBackoffMs * 2 ** (crashes - 1), crashBackoffMaxMs);
  }
}
