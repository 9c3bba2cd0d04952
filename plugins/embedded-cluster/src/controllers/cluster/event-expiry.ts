import { messageOf, type EventObject } from '@epinio/core';
import type { Controlled, Controller, ControllerContext } from '../machinery/controller.ts';
import { refTo } from '../machinery/controller.ts';

/** kube-apiserver --event-ttl */
const TIME_TO_LIVE_MS = 3_600_000;
const PERIOD_MS = 300_000;

/** Removes events that nobody needs any more. */
export function eventExpiry({ kube, clock, log, signal }: ControllerContext): Controller {
  return {
    name: 'event-expiry',
    informers: [],
    start(): Controlled {
      const stopped = new AbortController();
      const over = AbortSignal.any([stopped.signal, signal]);
      /** @returns false when there is nothing to go on for */
      const slept = (ms: number): Promise<boolean> =>
        clock.sleep(ms, over).then(
          () => true,
          () => false,
        );
      const done = (async (): Promise<void> => {
        while (await slept(PERIOD_MS)) {
          try {
            const { items } = await kube.list<EventObject>({ apiVersion: 'v1', kind: 'Event' });
            for (const event of items) if (isOld(event, clock.now())) await kube.delete(refTo(event));
          } catch (error) {
            log.warn('Old events could not be removed', { reason: messageOf(error) });
          }
        }
      })();
      return {
        async stop() {
          stopped.abort(new Error('the controllers stop'));
          await done;
        },
      };
    },
  };
}

/** An event of the far future was made while the clock was wrong, and nobody knows when that was. */
function isOld({ lastTimestamp, eventTime, metadata }: EventObject, now: number): boolean {
  const time = Date.parse(lastTimestamp ?? eventTime ?? metadata.creationTimestamp ?? '');
  return Math.abs(now - time) > TIME_TO_LIVE_MS;
}
