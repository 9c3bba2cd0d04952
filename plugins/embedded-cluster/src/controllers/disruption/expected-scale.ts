import type { Informer, KubeObject, OwnerReference, Pod } from '@epinio/core';
import { numberAt } from '../../json.ts';
import type { ControllerContext } from '../machinery/controller.ts';
import { controllerOf } from '../machinery/ownership.ts';

/** Kinds that say how many pods they are to have. */
const SCALED = {
  ReplicationController: 'v1',
  ReplicaSet: 'apps/v1',
  Deployment: 'apps/v1',
  StatefulSet: 'apps/v1',
} as const;

/** Resources that a refusal names, of kinds that do not say it. */
const PLURALS: Readonly<Record<string, string>> = { Job: 'jobs.batch', DaemonSet: 'daemonsets.apps' };

export interface Scales {
  readonly informers: readonly Informer<KubeObject>[];
  /**
   * How many pods the controllers of these are to have together, and the names of those that have none. Fails when a
   * pod has a controller that does not say how many.
   */
  of(pods: readonly Pod[]): { readonly scale: number; readonly unmanaged: readonly string[] };
}

/** Looks for the controllers of pods: a ReplicaSet's own, when it has one. */
export function openScales({ informers }: ControllerContext): Scales {
  const opened = new Map(
    Object.entries(SCALED).map(([kind, apiVersion]) => [kind, informers.open({ apiVersion, kind })]),
  );
  const find = (namespace: string, { kind, name, uid }: OwnerReference): KubeObject | undefined => {
    const found = opened.get(kind)?.get(namespace, name);
    return found?.metadata.uid === uid ? found : undefined;
  };
  return {
    informers: [...opened.values()],
    of(pods) {
      const scales = new Map<string, number>();
      const unmanaged: string[] = [];
      for (const pod of pods) {
        const { name, namespace = '' } = pod.metadata;
        const owner = controllerOf(pod);
        if (owner === undefined) {
          unmanaged.push(name);
          continue;
        }
        if (!opened.has(owner.kind)) {
          const resource =
            PLURALS[owner.kind] ?? `${owner.kind.toLowerCase()}s.${owner.apiVersion.split('/')[0] ?? ''}`;
          throw new Error(`${resource} does not implement the scale subresource`);
        }
        const direct = find(namespace, owner);
        if (direct === undefined) throw new Error(`found no controllers for pod ${JSON.stringify(name)}`);
        const above = controllerOf(direct);
        const controller = (above && find(namespace, above)) ?? direct;
        scales.set(controller.metadata.uid ?? '', numberAt(controller, 'spec', 'replicas') ?? 1);
      }
      return { scale: [...scales.values()].reduce((sum, each) => sum + each, 0), unmanaged };
    },
  };
}
