import type { Informer, KubeObject } from '@epinio/core';

/**
 * Resolves with what `find` answers, as soon as it answers something: now, or after a change of one of the
 * collections. Rejects with the signal's reason.
 */
export function untilFound<T>(
  informers: readonly Informer<KubeObject>[],
  find: () => T | undefined,
  signal: AbortSignal | undefined,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const undo: (() => void)[] = [];
    const settle = (act: () => void): void => {
      for (const stop of undo) stop();
      act();
    };
    const check = (): void => {
      const found = find();
      if (found !== undefined) settle(() => resolve(found));
    };
    const abort = (): void => settle(() => reject(signal?.reason));
    if (signal?.aborted === true) {
      abort();
      return;
    }
    signal?.addEventListener('abort', abort, { once: true });
    undo.push(() => signal?.removeEventListener('abort', abort));
    for (const informer of informers) undo.push(informer.subscribe(check));
    check();
  });
}
