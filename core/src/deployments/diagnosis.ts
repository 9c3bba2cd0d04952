import type { Deployment, EventObject, ReplicaSet } from '../kube/kinds.ts';
import type { ContainerStatus, Pod } from '../kube/pod-kinds.ts';

/** What is wrong with a version that does not come up. */
export interface Diagnosis {
  /** In one line, for the person who pushed. */
  readonly reason: string;
  /** Waiting longer will not help. */
  readonly isFinal: boolean;
  /** Whose log tells more. */
  readonly pod?: { readonly name: string; readonly container: string; readonly crashed: boolean };
}

const REVISION = 'deployment.kubernetes.io/revision';
/** The container cannot be made from this image, however often it is tried. */
const HOPELESS = new Set(['ImagePullBackOff', 'InvalidImageName', 'ErrImageNeverPull']);
/** One crash may be bad luck (a database that comes up at the same time); two in a row are the application's. */
const CRASHES_TOLERATED = 1;

/** The pods of the newest revision of a Deployment, among all of its application. */
export function newestPods(
  deployment: Deployment,
  replicaSets: readonly ReplicaSet[],
  pods: readonly Pod[],
): readonly Pod[] {
  const newest = replicaSets
    .filter((set) => isOwnedBy(set, deployment))
    .sort((a, b) => revision(b) - revision(a) || time(b) - time(a))[0];
  return newest === undefined ? [] : pods.filter((pod) => isOwnedBy(pod, newest));
}

function isOwnedBy(object: Pod | ReplicaSet, owner: Deployment | ReplicaSet): boolean {
  return (object.metadata.ownerReferences ?? []).some(({ uid }) => uid === owner.metadata.uid);
}

function revision({ metadata }: ReplicaSet): number {
  return Number(metadata.annotations?.[REVISION] ?? 0);
}

function time({ metadata }: ReplicaSet): number {
  return Date.parse(metadata.creationTimestamp ?? '') || 0;
}

/** What nodes say of pods that listen on another port than they were told, by the pod's uid. */
export function portNotes(events: readonly EventObject[]): ReadonlyMap<string, string> {
  return new Map(events.map(({ involvedObject, message = '' }) => [involvedObject.uid ?? '', message]));
}

/**
 * Why the new version does not serve, as far as its pods and the Deployment tell. What is final comes first.
 * @returns undefined while nothing speaks against it.
 */
export function diagnose(
  deployment: Deployment,
  pods: readonly Pod[],
  notes: ReadonlyMap<string, string> = new Map(),
): Diagnosis | undefined {
  const found = pods
    .map((pod) => diagnosePod(pod, notes.get(pod.metadata.uid ?? '')))
    .filter((one) => one !== undefined);
  const final = found.find((one) => one.isFinal);
  if (final !== undefined) return final;
  const overdue = (deployment.status?.conditions ?? []).find(
    ({ type, reason }) => type === 'Progressing' && reason === 'ProgressDeadlineExceeded',
  );
  const known = found[0] ?? replicaFailure(deployment);
  if (overdue === undefined) return known;
  return {
    reason: overdue.message ?? 'the new version did not come up in time',
    ...known,
    isFinal: true,
  };
}

function replicaFailure({ status }: Deployment): Diagnosis | undefined {
  const condition = (status?.conditions ?? []).find(
    ({ type, status: value }) => type === 'ReplicaFailure' && value === 'True',
  );
  if (condition === undefined) return undefined;
  return {
    reason: `no instance can be made: ${condition.message ?? condition.reason ?? ''}`,
    isFinal: false,
  };
}

function diagnosePod({ metadata, status }: Pod, note: string | undefined): Diagnosis | undefined {
  const { name } = metadata;
  const containers = [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])];
  const isReady = (status?.conditions ?? []).some(
    ({ type, status: value }) => type === 'Ready' && value === 'True',
  );
  if (note !== undefined && !isReady) {
    const container = containers.at(-1)?.name ?? '';
    return { reason: portReason(note), isFinal: true, pod: { name, container, crashed: false } };
  }
  for (const container of containers) {
    const diagnosis = diagnoseContainer(name, container);
    if (diagnosis !== undefined) return diagnosis;
  }
  if (status?.phase === 'Failed') {
    const reason = `instance failed: ${[status.reason, status.message].filter(Boolean).join(': ')}`;
    return { reason, isFinal: false };
  }
  const unscheduled = (status?.conditions ?? []).find(
    ({ type, status: value }) => type === 'PodScheduled' && value === 'False',
  );
  if (unscheduled === undefined) return undefined;
  return { reason: `no node takes the instance: ${unscheduled.message ?? ''}`, isFinal: false };
}

function diagnoseContainer(pod: string, container: ContainerStatus): Diagnosis | undefined {
  const { state = {}, lastState = {}, restartCount, image = '', ready } = container;
  const exit = state.terminated ?? lastState.terminated;
  const log = { name: pod, container: container.name };
  if (state.waiting !== undefined && HOPELESS.has(state.waiting.reason ?? '')) {
    const message = state.waiting.message ?? state.waiting.reason ?? '';
    return { reason: `image "${image}" cannot be pulled: ${message}`, isFinal: true };
  }
  const isDown = state.running === undefined;
  if (exit !== undefined && exit.exitCode !== 0 && (isDown || !ready)) {
    const isFinal = restartCount > CRASHES_TOLERATED || (isDown && restartCount === CRASHES_TOLERATED);
    return { reason: exitReason(exit), isFinal, pod: { ...log, crashed: true } };
  }
  if (exit !== undefined && exit.exitCode === 0 && restartCount > 0 && !ready) {
    const reason = 'the application ends at once, with exit code 0, instead of serving';
    return { reason, isFinal: restartCount > CRASHES_TOLERATED || isDown, pod: { ...log, crashed: true } };
  }
  if (
    state.waiting?.reason !== undefined &&
    !['ContainerCreating', 'PodInitializing'].includes(state.waiting.reason)
  ) {
    const reason = [state.waiting.reason, state.waiting.message].filter(Boolean).join(': ');
    return { reason: `the instance cannot start: ${reason}`, isFinal: false };
  }
  if (!isDown && !ready) {
    const reason = 'the application runs, but nothing listens on the port in its variable PORT';
    return { reason, isFinal: false, pod: { ...log, crashed: false } };
  }
  return undefined;
}

/** The node names the container; here, that is the application. */
function portReason(note: string): string {
  return `the application ${note.replace(/^Container \S+ /, '')}`;
}

function exitReason({
  exitCode,
  reason,
  message,
  signal,
}: {
  exitCode: number;
  reason?: string;
  message?: string;
  signal?: number;
}): string {
  if (reason === 'OOMKilled') return 'the application was killed because it took more memory than it may';
  const how = signal === undefined || signal === 0 ? `with exit code ${exitCode}` : `by signal ${signal}`;
  const why = message === undefined || message === '' ? '' : `: ${message.trim().split('\n').at(-1) ?? ''}`;
  return `the application ended ${how}${why}`;
}
