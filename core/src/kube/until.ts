import { setMaxListeners } from 'node:events';

/** The promise's outcome, or the reason of the first of the signals that is aborted. Leaves no listener behind. */
export function until<T>(promise: Promise<T>, ...signals: readonly (AbortSignal | undefined)[]): Promise<T> {
  return new Promise((resolve, reject) => {
    const undo: (() => void)[] = [];
    const settle = (act: () => void): void => {
      for (const remove of undo) remove();
      act();
    };
    for (const signal of signals) {
      if (signal === undefined) continue;
      if (signal.aborted) {
        settle(() => reject(signal.reason));
        return;
      }
      // One signal may end any number of waits; Node.js takes more than ten listeners for a leak.
      setMaxListeners(0, signal);
      const onAbort = (): void => settle(() => reject(signal.reason));
      signal.addEventListener('abort', onAbort, { once: true });
      undo.push(() => signal.removeEventListener('abort', onAbort));
    }
    promise.then(
      (value) => settle(() => resolve(value)),
      (error: unknown) => settle(() => reject(error)),
    );
  });
}
