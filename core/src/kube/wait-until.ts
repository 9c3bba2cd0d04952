import type { KubeObject } from '../kernel/component.ts';
import { EpinioError, messageOf } from '../kernel/errors.ts';
import type { Clock } from '../ports/clock.ts';
import type { CollectionRef } from '../ports/kube.ts';
import type { LiveInformer } from './live-informer.ts';
import { until } from './until.ts';

export interface WaitOptions {
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
  readonly clock: Clock;
}

/** Waits until the object satisfies the condition; `WAIT_TIMEOUT` names `what` and why it could not be seen. */
export async function waitUntil<T extends KubeObject>(
  informer: LiveInformer<T>,
  ref: CollectionRef & { readonly name: string },
  what: string,
  condition: (object: T | undefined) => boolean,
  { timeoutMs, signal, clock }: WaitOptions,
): Promise<T | undefined> {
  const over = new AbortController();
  const timedOut = clock.sleep(timeoutMs, over.signal).then(() => {
    const failure = informer.failure();
    throw new EpinioError('WAIT_TIMEOUT', `Waited ${timeoutMs / 1000} s for ${what}, in vain`, {
      status: 504,
      details: failure === undefined ? [] : [messageOf(failure)],
      cause: failure,
    });
  });
  const met = informer.synced(over.signal).then(() => satisfied(informer, ref, condition));
  try {
    return await until(Promise.race([met, timedOut]), signal, informer.signal);
  } finally {
    over.abort(new Error('the wait is over'));
    // Whichever lost the race is rejected by the line above; that has no reader and no meaning.
    met.catch(() => undefined);
    timedOut.catch(() => undefined);
  }
}

function satisfied<T extends KubeObject>(
  informer: LiveInformer<T>,
  ref: CollectionRef & { readonly name: string },
  condition: (object: T | undefined) => boolean,
): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    const check = (object: T | undefined): void => {
      try {
        if (condition(object)) resolve(object);
      } catch (error) {
        reject(error);
      }
    };
    informer.subscribe(({ type, object }) => check(type === 'deleted' ? undefined : object));
    check(informer.get(ref.namespace, ref.name));
  });
}
