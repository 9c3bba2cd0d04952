import type { Step } from './plan.ts';
import type { OnInstallEvent } from './progress.ts';

/** How many steps are under way at once; an API server is not helped by more. */
const CONCURRENCY = 8;

/** How the steps of a plan are carried out. */
export interface RunStepsOptions {
  readonly signal: AbortSignal;
  readonly onEvent?: OnInstallEvent | undefined;
  readonly execute: (step: Step, signal: AbortSignal) => Promise<void>;
}

/**
 * Carries out steps side by side, each after all it comes after. When one fails nothing new is begun,
 * what is under way is waited for, and the first failure is thrown. Waits are ended by it.
 */
export async function runSteps(
  steps: readonly Step[],
  { signal, onEvent, execute }: RunStepsOptions,
): Promise<void> {
  const waiting = new Set(steps);
  const done = new Set<string>();
  const running = new Set<Promise<void>>();
  const waits = new AbortController();
  let changing = 0;
  let failure: { readonly error: unknown } | undefined;

  const run = async (step: Step): Promise<void> => {
    const started = performance.now();
    onEvent?.({ type: 'started', step });
    try {
      await execute(step, step.kind === 'wait' ? AbortSignal.any([signal, waits.signal]) : signal);
      done.add(step.id);
      onEvent?.({ type: 'finished', step, elapsedMs: performance.now() - started });
    } catch (error) {
      if (failure !== undefined) return;
      failure = { error };
      waits.abort(error);
      onEvent?.({ type: 'failed', step, error });
    }
  };

  const isFree = (step: Step): boolean => step.after.every((id) => done.has(id));
  while (waiting.size > 0 || running.size > 0) {
    if (failure === undefined && !signal.aborted) {
      for (const step of waiting) {
        // A wait costs the API server nothing between its questions, so it takes no place from a change.
        if (!isFree(step) || (step.kind === 'change' && changing >= CONCURRENCY)) continue;
        waiting.delete(step);
        const weight = step.kind === 'change' ? 1 : 0;
        changing += weight;
        const task = run(step).finally(() => {
          changing -= weight;
          running.delete(task);
        });
        running.add(task);
      }
    }
    if (running.size === 0) break;
    await Promise.race(running);
  }
  if (failure !== undefined) throw failure.error;
  signal.throwIfAborted();
  if (waiting.size > 0)
    throw new RangeError(
      `steps come after each other in a circle: ${[...waiting].map((step) => step.id).join(', ')}`,
    );
}
