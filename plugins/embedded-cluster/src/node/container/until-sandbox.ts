import type { Clock } from '@epinio/core';
import type { Isolation } from '../sandbox/isolation.ts';
import type { ContainerRun } from '../supervisor/container-run.ts';

const SANDBOX_MS = 2000;
const POLL_MS = 20;
/** bubblewrap tells of a sandbox shortly before all of it is there. */
const YOUNG_MS = 100;

/** Waits, a moment at most, until a container that has just been started has its sandbox. */
export async function untilSandbox(isolation: Isolation, run: ContainerRun, clock: Clock): Promise<void> {
  if (isolation.kind !== 'bubblewrap') return;
  for (let waitedMs = 0; waitedMs < SANDBOX_MS; waitedMs += POLL_MS) {
    if (run.exit !== undefined) return;
    if (run.sandboxInit() !== undefined && clock.now() - run.startedAt > YOUNG_MS) return;
    await clock.sleep(POLL_MS);
  }
}
