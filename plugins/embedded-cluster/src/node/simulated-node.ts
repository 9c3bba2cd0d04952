import {
  hasCode,
  messageOf,
  type Informer,
  type InformerEvent,
  type Pod,
  type PodStatus,
} from '@epinio/core';
import { rfc3339 } from '../controllers/machinery/rfc3339.ts';
import type { NodeContext } from './node-context.ts';
import { podKey } from './pod/pod-handle.ts';
import { podStatus } from './pod/pod-status.ts';

/**
 * A node that runs nothing: pods that go on are ready at once, pods that end have succeeded at once, and deleted
 * ones go. For trying out what would be installed.
 */
export class SimulatedNode {
  readonly #node: Pick<NodeContext, 'kube' | 'clock' | 'log' | 'config'>;
  #unsubscribe: (() => void) | undefined;
  readonly #busy = new Set<string>();

  constructor(node: Pick<NodeContext, 'kube' | 'clock' | 'log' | 'config'>) {
    this.#node = node;
  }

  start(pods: Informer<Pod>): void {
    const onEvent = ({ type, object }: InformerEvent<Pod>): void => {
      if (type === 'deleted' || object.spec.nodeName !== this.#node.config.name) return;
      this.#settle(object).catch((error: unknown) => {
        if (hasCode(error, 'KUBE_NOT_FOUND')) return; // gone meanwhile
        this.#node.log.warn('Simulated pod could not be told', {
          pod: podKey(object),
          reason: messageOf(error),
        });
      });
    };
    this.#unsubscribe = pods.subscribe(onEvent);
    for (const object of pods.list()) onEvent({ type: 'added', object });
  }

  close(): void {
    this.#unsubscribe?.();
  }

  async #settle(pod: Pod): Promise<void> {
    const { namespace = '', name, uid, deletionTimestamp } = pod.metadata;
    const ref = { apiVersion: 'v1', kind: 'Pod', namespace, name };
    const key = `${uid ?? ''}/${deletionTimestamp ?? ''}`;
    if (this.#busy.has(key)) return;
    this.#busy.add(key);
    try {
      if (deletionTimestamp !== undefined) {
        await this.#node.kube.delete(ref, { gracePeriodSeconds: 0, ...(uid === undefined ? {} : { uid }) });
      } else if (pod.status?.phase === undefined || pod.status.phase === 'Pending') {
        await this.#node.kube.patch(
          ref,
          { type: 'merge', patch: { status: simulatedStatus(pod, this.#node.clock.now()) } },
          { subresource: 'status' },
        );
      }
    } finally {
      this.#busy.delete(key);
    }
  }
}

/** Pure: the status of a pod that has come to where it wants to be. */
export function simulatedStatus(pod: Pod, now: number): PodStatus {
  const time = rfc3339(now);
  const ends = (pod.spec.restartPolicy ?? 'Always') !== 'Always';
  const terminated = { exitCode: 0, reason: 'Completed', startedAt: time, finishedAt: time };
  const status = (name: string, image: string | undefined, isDone: boolean, ready: boolean) => ({
    ...{ name, ready, restartCount: 0, image: image ?? '', imageID: '', started: !isDone, lastState: {} },
    state: isDone ? { terminated } : { running: { startedAt: time } },
  });
  return podStatus({
    pod,
    init: (pod.spec.initContainers ?? []).map(({ name, image, restartPolicy }) =>
      status(name, image, restartPolicy !== 'Always' || ends, true),
    ),
    sidecars: new Set<string>(),
    main: pod.spec.containers.map(({ name, image }) => status(name, image, ends, !ends)),
    portProblems: new Map(),
    ...{ hasVolumes: true, isOver: ends, isEnding: false, failure: undefined },
    ...{ startTime: time, told: [], now },
  });
}
