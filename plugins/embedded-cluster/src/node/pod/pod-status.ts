import type { Condition, ContainerStatus, Pod, PodSpec, PodStatus } from '@epinio/core';
import { rfc3339 } from '../../controllers/machinery/rfc3339.ts';
import { POD_IP } from '../spec/pod-fields.ts';

/** What the status of a pod is made of. */
export interface PodFacts {
  readonly pod: Pod;
  readonly init: readonly ContainerStatus[];
  /** Names of the init containers that go on. */
  readonly sidecars: ReadonlySet<string>;
  readonly main: readonly ContainerStatus[];
  /** By container: what is wrong with its PORT. */
  readonly portProblems: ReadonlyMap<string, string>;
  readonly hasVolumes: boolean;
  /** No container will be started any more. */
  readonly isOver: boolean;
  /** It is being ended: traffic is to go elsewhere. */
  readonly isEnding: boolean;
  /** Why the node has ended it. */
  readonly failure: { readonly reason: string; readonly message: string } | undefined;
  readonly startTime: string;
  /** As last told; the API's copy may be older. */
  readonly told: readonly Condition[];
  readonly now: number;
}

/** The status as a kubelet would have it; pure. */
export function podStatus(facts: PodFacts): PodStatus {
  const { pod, init, main, failure, startTime } = facts;
  const phase = podPhase(facts);
  return {
    ...(pod.metadata.generation === undefined ? {} : { observedGeneration: pod.metadata.generation }),
    phase,
    ...(phase === 'Failed' && failure !== undefined ? failure : {}),
    conditions: podConditions(facts, phase),
    hostIP: POD_IP,
    ...{ podIP: POD_IP, podIPs: [{ ip: POD_IP }] },
    startTime,
    ...(init.length === 0 ? {} : { initContainerStatuses: init }),
    containerStatuses: main,
    qosClass: qosClass(pod.spec),
  };
}

function podPhase({ init, sidecars, main, isOver, failure }: PodFacts): NonNullable<PodStatus['phase']> {
  if (isOver) {
    const succeeded = failure === undefined && main.every(({ state }) => state?.terminated?.exitCode === 0);
    return succeeded ? 'Succeeded' : 'Failed';
  }
  if (init.some((each) => !isInitialised(each, sidecars))) return 'Pending';
  const neverStarted = main.some(
    ({ state, lastState }) => state?.waiting !== undefined && lastState?.terminated === undefined,
  );
  return neverStarted ? 'Pending' : 'Running';
}

/** A sidecar has done its part once it has started. */
function isInitialised({ name, ready, started }: ContainerStatus, sidecars: ReadonlySet<string>): boolean {
  return sidecars.has(name) ? started === true : ready;
}

function podConditions(facts: PodFacts, phase: string): Condition[] {
  const { pod, init, sidecars, main, portProblems, hasVolumes, isEnding } = facts;
  const incomplete = init.filter((each) => !isInitialised(each, sidecars)).map(({ name }) => name);
  const going = [...main, ...init.filter(({ name }) => sidecars.has(name))];
  const unready = going.filter(({ ready }) => !ready).map(({ name }) => name);
  const problems = [...portProblems].map(([name, problem]) => `; ${name} ${problem}`).join('');
  const containersReady: Wanted =
    phase === 'Succeeded'
      ? no('PodCompleted')
      : phase === 'Failed'
        ? no('PodFailed')
        : unready.length > 0
          ? no('ContainersNotReady', `containers with unready status: [${unready.join(' ')}]${problems}`)
          : { status: 'True', ...(problems === '' ? {} : { message: problems.slice(2) }) };
  const present = pod.status?.conditions ?? [];
  const gates = (pod.spec.readinessGates ?? []).map(({ conditionType }) => conditionType);
  const closed = gates.filter((gate) => present.find(({ type }) => type === gate)?.status !== 'True');
  const ready: Wanted =
    containersReady.status !== 'True'
      ? containersReady
      : isEnding
        ? no('PodTerminating', 'the pod is being ended')
        : closed.length > 0
          ? no(
              'ReadinessGatesNotReady',
              `the status of pod readiness gate "${closed[0] ?? ''}" is not "True"`,
            )
          : containersReady;
  const wanted: Record<string, Wanted> = {
    PodReadyToStartContainers: hasVolumes && phase !== 'Succeeded' && phase !== 'Failed' ? YES : no(),
    Initialized:
      phase === 'Succeeded'
        ? { status: 'True', reason: 'PodCompleted' }
        : incomplete.length === 0
          ? YES
          : no('ContainersNotInitialized', `containers with incomplete status: [${incomplete.join(' ')}]`),
    Ready: ready,
    ContainersReady: containersReady,
    PodScheduled: YES,
  };
  const own = Object.entries(wanted).map(([type, condition]) => timed(facts, type, condition));
  // Conditions of others (readiness gates, the disruption controller) are theirs.
  return [...own, ...present.filter(({ type }) => !(type in wanted))];
}

type Wanted = Pick<Condition, 'status' | 'reason' | 'message'>;

const YES: Wanted = { status: 'True' };

function no(reason?: string, message?: string): Wanted {
  return {
    status: 'False',
    ...(reason === undefined ? {} : { reason }),
    ...(message === undefined ? {} : { message }),
  };
}

/** The time of a condition is that of its last change. */
function timed({ told, now }: PodFacts, type: string, condition: Wanted): Condition {
  const before = told.find((each) => each.type === type);
  const kept = before?.status === condition.status ? before.lastTransitionTime : undefined;
  return { type, ...condition, lastTransitionTime: kept ?? rfc3339(now) };
}

/** https://kubernetes.io/docs/concepts/workloads/pods/pod-qos/ */
function qosClass({ containers, initContainers = [] }: PodSpec): string {
  const all = [...containers, ...initContainers].map(({ resources }) => resources ?? {});
  const none = all.every(({ limits = {}, requests = {} }) =>
    ['cpu', 'memory'].every((name) => limits[name] === undefined && requests[name] === undefined),
  );
  if (none) return 'BestEffort';
  const guaranteed = all.every(({ limits = {}, requests = {} }) =>
    ['cpu', 'memory'].every(
      (name) => limits[name] !== undefined && (requests[name] ?? limits[name]) === limits[name],
    ),
  );
  return guaranteed ? 'Guaranteed' : 'Burstable';
}
