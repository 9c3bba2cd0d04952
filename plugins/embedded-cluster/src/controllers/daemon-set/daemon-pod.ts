import type { Node, Pod, PodTemplateSpec } from '@epinio/core';
import { objectAt, objectsAt } from '../../json.ts';
import { matchesSelectors, untolerated } from '../pods/node-fit.ts';
import type { DaemonSet } from './daemon-set-kind.ts';

export const HASH_LABEL = 'controller-revision-hash';
const GENERATION_LABEL = 'pod-template-generation';
const GENERATION = 'deprecated.daemonset.template.generation';

/** Daemons stay on a node that has lost its connection or is short of something, and come to one that is cordoned. */
const TOLERATIONS = [
  { key: 'node.kubernetes.io/not-ready', operator: 'Exists', effect: 'NoExecute' },
  { key: 'node.kubernetes.io/unreachable', operator: 'Exists', effect: 'NoExecute' },
  { key: 'node.kubernetes.io/disk-pressure', operator: 'Exists', effect: 'NoSchedule' },
  { key: 'node.kubernetes.io/memory-pressure', operator: 'Exists', effect: 'NoSchedule' },
  { key: 'node.kubernetes.io/pid-pressure', operator: 'Exists', effect: 'NoSchedule' },
  { key: 'node.kubernetes.io/unschedulable', operator: 'Exists', effect: 'NoSchedule' },
] as const;
const HOST_NETWORK = {
  key: 'node.kubernetes.io/network-unavailable',
  operator: 'Exists',
  effect: 'NoSchedule',
} as const;

/** The template of a daemon for one node: tolerant, and bound for it by name. */
export function daemonTemplate(set: DaemonSet, hash: string, node: string): PodTemplateSpec {
  const { template } = set.spec;
  const { metadata } = template;
  return {
    metadata: {
      ...metadata,
      labels: {
        ...metadata?.labels,
        [HASH_LABEL]: hash,
        [GENERATION_LABEL]: set.metadata.annotations?.[GENERATION] ?? '1',
      },
    },
    spec: { ...tolerant(template.spec), affinity: forNode(template.spec, node) } as Pod['spec'],
  };
}

function tolerant(spec: Pod['spec']): Pod['spec'] {
  const added = [...TOLERATIONS, ...(spec['hostNetwork'] === true ? [HOST_NETWORK] : [])];
  const own = objectsAt(spec, 'tolerations').filter(
    ({ key, effect }) => !added.some((toleration) => toleration.key === key && toleration.effect === effect),
  );
  return { ...spec, tolerations: [...own, ...added] } as Pod['spec'];
}

function forNode(spec: Pod['spec'], node: string): object {
  const affinity = objectAt(spec, 'affinity');
  const matchFields = [{ key: 'metadata.name', operator: 'In', values: [node] }];
  return {
    ...affinity,
    nodeAffinity: {
      ...objectAt(affinity, 'nodeAffinity'),
      requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchFields }] },
    },
  };
}

/** Whether a node is to get a daemon, and whether one that is there may stay. */
export function fitOf(set: DaemonSet, node: Node): { readonly runs: boolean; readonly stays: boolean } {
  const spec = tolerant(set.spec.template.spec);
  if (!matchesSelectors(spec, node)) return { runs: false, stays: false };
  if (untolerated(spec, node, ['NoSchedule', 'NoExecute']).length === 0) return { runs: true, stays: true };
  return { runs: false, stays: untolerated(spec, node, ['NoExecute']).length === 0 };
}

/** The node that a pod is on, or bound for. */
export function nodeOf({ spec }: Pod): string | undefined {
  if ((spec.nodeName ?? '') !== '') return spec.nodeName;
  const terms = objectsAt(
    spec,
    'affinity',
    'nodeAffinity',
    'requiredDuringSchedulingIgnoredDuringExecution',
    'nodeSelectorTerms',
  );
  const [field] = terms.flatMap((term) => objectsAt(term, 'matchFields'));
  const values = field?.['values'];
  return Array.isArray(values) ? String(values[0]) : undefined;
}
