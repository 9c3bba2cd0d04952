import type { Deployment, ReplicaSet } from '@epinio/core';
import { sizeOf, wantedOf } from './sizes.ts';

export const REVISION = 'deployment.kubernetes.io/revision';
export const DESIRED_REPLICAS = 'deployment.kubernetes.io/desired-replicas';
export const MAX_REPLICAS = 'deployment.kubernetes.io/max-replicas';
const REVISION_HISTORY = 'deployment.kubernetes.io/revision-history';

/** Annotations that say something of one object only. */
const OWN = new Set([
  'kubectl.kubernetes.io/last-applied-configuration',
  'deprecated.deployment.rollback.to',
  REVISION,
  REVISION_HISTORY,
  DESIRED_REPLICAS,
  MAX_REPLICAS,
]);

export function revisionOf({ metadata }: ReplicaSet | Deployment): number {
  return Number(metadata.annotations?.[REVISION] ?? 0) || 0;
}

/** Annotations of the set of the deployment's template: those of the deployment, and the set's place in history. */
export function setAnnotations(
  deployment: Deployment,
  set: ReplicaSet | undefined,
  revision: number,
): Readonly<Record<string, string>> {
  const given = Object.entries(deployment.metadata.annotations ?? {}).filter(([name]) => !OWN.has(name));
  const before = set?.metadata.annotations ?? {};
  const annotations: Record<string, string> = { ...before, ...Object.fromEntries(given) };
  const old = before[REVISION];
  // A set that is used again, after an undo, remembers which revisions it was.
  if (old !== undefined && Number(old) < revision) {
    annotations[REVISION_HISTORY] = [before[REVISION_HISTORY], old].filter(Boolean).join(',');
  }
  if (old === undefined || Number(old) < revision) annotations[REVISION] = String(revision);
  return annotations;
}

/** Old sets without pods that are more than the history is to hold, oldest revisions first. */
export function surplusSets(deployment: Deployment, oldSets: readonly ReplicaSet[]): readonly ReplicaSet[] {
  const limit = deployment.spec.revisionHistoryLimit ?? 10;
  const idle = oldSets.filter(
    (set) =>
      sizeOf(set) === 0 && (set.status?.replicas ?? 0) === 0 && set.metadata.deletionTimestamp === undefined,
  );
  return [...idle].sort((a, b) => revisionOf(a) - revisionOf(b)).slice(0, Math.max(0, idle.length - limit));
}

/** Whether the deployment was scaled since its sets were last sized. */
export function isScaled(deployment: Deployment, owned: readonly ReplicaSet[]): boolean {
  return owned.some((set) => {
    const desired = set.metadata.annotations?.[DESIRED_REPLICAS];
    return sizeOf(set) > 0 && desired !== undefined && Number(desired) !== wantedOf(deployment);
  });
}
