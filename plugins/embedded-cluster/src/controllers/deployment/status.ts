import type { Condition, Deployment, ReplicaSet } from '@epinio/core';
import { conditionOf, type WantedCondition } from '../machinery/conditions.ts';
import { rfc3339 } from '../machinery/rfc3339.ts';
import { boundsOf, sum, wantedOf } from './sizes.ts';

export type DeploymentStatus = NonNullable<Deployment['status']>;

const COMPLETE = 'NewReplicaSetAvailable';
const TIMED_OUT = 'ProgressDeadlineExceeded';

/** What `kubectl rollout status` and others read; pure. */
export function deploymentStatus(
  deployment: Deployment,
  newSet: ReplicaSet | undefined,
  oldSets: readonly ReplicaSet[],
  now: number,
): DeploymentStatus {
  const sets = newSet === undefined ? oldSets : [...oldSets, newSet];
  const replicas = sum(sets, ({ status }) => status?.replicas ?? 0);
  const availableReplicas = sum(sets, ({ status }) => status?.availableReplicas ?? 0);
  const counts = {
    observedGeneration: deployment.metadata.generation ?? 0,
    replicas,
    updatedReplicas: newSet?.status?.replicas ?? 0,
    readyReplicas: sum(sets, ({ status }) => status?.readyReplicas ?? 0),
    availableReplicas,
    unavailableReplicas: Math.max(0, sum(sets, ({ spec }) => spec.replicas ?? 1) - availableReplicas),
  };
  return { ...counts, conditions: conditions(deployment, newSet, sets, counts, now) };
}

/** Milliseconds until the rollout counts as stuck; undefined when it cannot. */
export function untilStuck(
  deployment: Deployment,
  status: DeploymentStatus,
  now: number,
): number | undefined {
  const { progressDeadlineSeconds = 600, paused } = deployment.spec;
  const progressing = conditionOf(status.conditions, 'Progressing');
  if (progressing === undefined || paused === true || progressDeadlineSeconds >= 2 ** 31 - 1)
    return undefined;
  if (progressing.reason === COMPLETE || progressing.reason === TIMED_OUT) return undefined;
  return Math.max(0, Date.parse(progressing.lastUpdateTime ?? '') + progressDeadlineSeconds * 1000 - now);
}

/** Every pod is of the new template, available, and no other is left. */
export function isComplete(deployment: Deployment, status: DeploymentStatus): boolean {
  const wanted = wantedOf(deployment);
  return (
    status.updatedReplicas === wanted && status.replicas === wanted && status.availableReplicas === wanted
  );
}

function conditions(
  deployment: Deployment,
  newSet: ReplicaSet | undefined,
  sets: readonly ReplicaSet[],
  counts: DeploymentStatus,
  now: number,
): readonly Condition[] {
  let result: readonly Condition[] = deployment.status?.conditions ?? [];
  const enough =
    (counts.availableReplicas ?? 0) >= wantedOf(deployment) - boundsOf(deployment).maxUnavailable;
  result = update(
    result,
    enough
      ? {
          type: 'Available',
          status: 'True',
          reason: 'MinimumReplicasAvailable',
          message: 'Deployment has minimum availability.',
        }
      : {
          type: 'Available',
          status: 'False',
          reason: 'MinimumReplicasUnavailable',
          message: 'Deployment does not have minimum availability.',
        },
    now,
  );
  const progressing = progress(deployment, newSet, counts, now);
  if (progressing !== undefined) result = update(result, progressing, now);
  const failure = sets.map(({ status }) => conditionOf(status?.conditions, 'ReplicaFailure')).find(Boolean);
  result = result.filter(({ type }) => type !== 'ReplicaFailure' || failure !== undefined);
  if (failure !== undefined) {
    const { status, reason = '', message = '' } = failure;
    result = update(result, { type: 'ReplicaFailure', status, reason, message }, now);
  }
  return result;
}

/** The Progressing condition; undefined to leave it as it is. */
function progress(
  deployment: Deployment,
  newSet: ReplicaSet | undefined,
  counts: DeploymentStatus,
  now: number,
): WantedCondition | undefined {
  const before = conditionOf(deployment.status?.conditions, 'Progressing');
  const type = 'Progressing';
  if (deployment.spec.paused === true) {
    return { type, status: 'Unknown', reason: 'DeploymentPaused', message: 'Deployment is paused' };
  }
  if (before?.reason === 'DeploymentPaused') {
    return { type, status: 'Unknown', reason: 'DeploymentResumed', message: 'Deployment is resumed' };
  }
  const name =
    newSet === undefined
      ? `Deployment "${deployment.metadata.name}"`
      : `ReplicaSet "${newSet.metadata.name}"`;
  const isOfSet = before !== undefined && (newSet === undefined || nameIn(before) === newSet.metadata.name);
  // A finished rollout stays finished when a pod of it fails later on.
  if (before?.reason === COMPLETE && counts.replicas === counts.updatedReplicas && isOfSet) return undefined;
  if (isComplete(deployment, counts)) {
    return { type, status: 'True', reason: COMPLETE, message: `${name} has successfully progressed.` };
  }
  // The time for a new template begins with its set.
  if (newSet !== undefined && (before === undefined || (before.reason === COMPLETE && !isOfSet))) {
    const message = `Found new replica set "${newSet.metadata.name}"`;
    return { type, status: 'True', reason: 'FoundNewReplicaSet', message };
  }
  if (hasProgressed(deployment.status ?? {}, counts)) {
    return { type, status: 'True', reason: 'ReplicaSetUpdated', message: `${name} is progressing.` };
  }
  const left = untilStuck(deployment, { conditions: before === undefined ? [] : [before] }, now);
  if (left === 0)
    return { type, status: 'False', reason: TIMED_OUT, message: `${name} has timed out progressing.` };
  return undefined;
}

/** The set that a condition speaks of. */
function nameIn({ message = '' }: Condition): string | undefined {
  return /"(.*)"/.exec(message)?.[1];
}

function hasProgressed(before: DeploymentStatus, now: DeploymentStatus): boolean {
  const old = (status: DeploymentStatus): number => (status.replicas ?? 0) - (status.updatedReplicas ?? 0);
  return (
    (now.updatedReplicas ?? 0) > (before.updatedReplicas ?? 0) ||
    old(now) < old(before) ||
    (now.readyReplicas ?? 0) > (before.readyReplicas ?? 0) ||
    (now.availableReplicas ?? 0) > (before.availableReplicas ?? 0)
  );
}

/** As `withCondition`, with the time of the last word: progress that is told again counts from then. */
function update(
  conditions: readonly Condition[],
  wanted: WantedCondition,
  now: number,
): readonly Condition[] {
  const before = conditionOf(conditions, wanted.type);
  const isSame = before?.status === wanted.status && before.reason === wanted.reason;
  if (isSame && wanted.reason !== 'ReplicaSetUpdated') return conditions;
  const others = conditions.filter(({ type }) => type !== wanted.type);
  const since = before?.status === wanted.status ? before.lastTransitionTime : undefined;
  const time = rfc3339(now);
  return [...others, { ...wanted, lastUpdateTime: time, lastTransitionTime: since ?? time }];
}
