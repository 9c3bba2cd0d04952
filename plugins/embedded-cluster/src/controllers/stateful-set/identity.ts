import type { PersistentVolumeClaim, Pod, PodTemplateSpec } from '@epinio/core';
import { controllerReference } from '../machinery/ownership.ts';
import type { StatefulSet } from './stateful-set-kind.ts';

export const REVISION_LABEL = 'controller-revision-hash';
const NAME_LABEL = 'statefulset.kubernetes.io/pod-name';
const INDEX_LABEL = 'apps.kubernetes.io/pod-index';

export const startOf = ({ spec }: StatefulSet): number => spec.ordinals?.start ?? 0;
export const wantedOf = ({ spec }: StatefulSet): number => spec.replicas ?? 1;

export function podName({ metadata }: StatefulSet, ordinal: number): string {
  return `${metadata.name}-${ordinal}`;
}

/** The number at the end of a pod's name; undefined for a pod that is not named after the set. */
export function ordinalOf({ metadata }: StatefulSet, pod: Pod): number | undefined {
  const match = /^(.*)-(\d+)$/.exec(pod.metadata.name);
  return match?.[1] === metadata.name ? Number(match[2]) : undefined;
}

/** Whether the set, as it is now, has a pod of this number. */
export function isInRange(set: StatefulSet, ordinal: number): boolean {
  return ordinal >= startOf(set) && ordinal < startOf(set) + wantedOf(set);
}

/** The revision that a pod was made of. */
export function revisionOf({ metadata }: Pod): string {
  return metadata.labels?.[REVISION_LABEL] ?? '';
}

/** The pod of a number: a stable name, host name, and volumes of its own. */
export function podOf(set: StatefulSet, template: PodTemplateSpec, revision: string, ordinal: number): Pod {
  const name = podName(set, ordinal);
  const { labels, annotations } = template.metadata ?? {};
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      namespace: set.metadata.namespace ?? '',
      name,
      generateName: `${set.metadata.name}-`,
      labels: {
        ...labels,
        [REVISION_LABEL]: revision,
        [NAME_LABEL]: name,
        [INDEX_LABEL]: String(ordinal),
      },
      ...(annotations === undefined ? {} : { annotations }),
      ownerReferences: [controllerReference(set)],
    },
    spec: {
      ...template.spec,
      hostname: name,
      ...(set.spec.serviceName === undefined ? {} : { subdomain: set.spec.serviceName }),
      volumes: volumesOf(set, template, ordinal),
    },
  };
}

function volumesOf(
  set: StatefulSet,
  { spec }: PodTemplateSpec,
  ordinal: number,
): NonNullable<Pod['spec']['volumes']> {
  const own = claimsOf(set, ordinal).map(({ volume, claim }) => ({
    name: volume,
    persistentVolumeClaim: { claimName: claim.metadata.name },
  }));
  const names = new Set(own.map(({ name }) => name));
  return [...own, ...(spec.volumes ?? []).filter(({ name }) => !names.has(name))];
}

/** The claims of a pod: "<template>-<set>-<number>", kept when the pod goes. */
export function claimsOf(
  set: StatefulSet,
  ordinal: number,
): readonly { readonly volume: string; readonly claim: PersistentVolumeClaim }[] {
  const { volumeClaimTemplates = [], selector } = set.spec;
  return volumeClaimTemplates.map((template) => {
    const { name: volume, labels, annotations } = template.metadata;
    return {
      volume,
      claim: {
        apiVersion: 'v1',
        kind: 'PersistentVolumeClaim',
        metadata: {
          namespace: set.metadata.namespace ?? '',
          name: `${volume}-${podName(set, ordinal)}`,
          labels: { ...labels, ...selector.matchLabels },
          ...(annotations === undefined ? {} : { annotations }),
        },
        ...(template.spec === undefined ? {} : { spec: template.spec }),
      },
    };
  });
}
