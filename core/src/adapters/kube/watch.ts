import type { Readable } from 'node:stream';
import type { KubeObject } from '../../kernel/component.ts';
import { kubeError } from '../../kube/kube-error.ts';
import type { WatchEvent } from '../../ports/kube.ts';
import { jsonLines } from './json-lines.ts';

/** The server ends a watch after this, give or take a third, so that many do not end at once. */
const WATCH_SECONDS = 300;
/** How much later than agreed the server may end it, before it counts as dead. */
const GRACE_MS = 15_000;

/** How long the server is asked to keep a watch. */
export function watchSeconds(random: () => number): number {
  return Math.round(WATCH_SECONDS * (2 / 3 + random() * (2 / 3)));
}

interface WireEvent<T> {
  readonly type: WatchEvent<T>['type'] | 'ERROR';
  readonly object: T;
}

/**
 * The events of an open watch, until the server or the network ends it; what happened meanwhile is told by the
 * next watch. An ERROR event fails with its own code (`KUBE_GONE`).
 */
export async function* watchEvents<T extends KubeObject>(
  response: Readable,
  seconds: number,
): AsyncGenerator<WatchEvent<T>> {
  // A server that hangs keeps the connection alive, but cannot end the watch in time.
  const dead = setTimeout(() => response.destroy(), seconds * 1000 + GRACE_MS);
  try {
    for await (const line of jsonLines(withoutBreak(response))) {
      const { type, object } = line as WireEvent<T>;
      if (type === 'ERROR')
        throw kubeError(object as unknown as { code: number; reason?: string; message: string });
      yield { type, object };
    }
  } finally {
    clearTimeout(dead);
    response.destroy();
  }
}

/** The chunks of a response; a connection that breaks is its end. */
async function* withoutBreak(response: Readable): AsyncGenerator<Buffer> {
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) yield chunk;
  } catch (error) {
    if (!response.destroyed) throw error;
  }
}
