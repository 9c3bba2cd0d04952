import { messageOf, type Condition, type Job, type Pod, type PodTemplateSpec } from '@epinio/core';
import { formatIndexes } from '../../kinds/workloads/index-set.ts';
import { conditionOf, withCondition } from '../machinery/conditions.ts';
import {
  defineController,
  follow,
  keyOf,
  observed,
  refTo,
  splitKey,
  type Controller,
  type ControllerContext,
  type ControllerParts,
} from '../machinery/controller.ts';
import { claimOwned, controllerOf } from '../machinery/ownership.ts';
import { rfc3339 } from '../machinery/rfc3339.ts';
import { saysAll } from '../machinery/same-status.ts';
import { createPod, deletePod } from '../pods/pod-control.ts';
import { isReady } from '../pods/pod-facts.ts';
import { indexedTemplate, indexesOf, indexOf, nextIndexes, sparePods, type Indexes } from './indexes.ts';
import { isIndexed, policiesOf } from './job-policies.ts';
import {
  countedFailures,
  decideOutcome,
  endOf,
  sortPods,
  wantedActive,
  type JobPods,
  type Outcome,
} from './outcome.ts';
import { failedAt, pauseAfter } from './pause.ts';

type JobStatus = NonNullable<Job['status']>;

/** Runs pods of a Job until enough of them have succeeded, or too many failed. */
export function jobController(context: ControllerContext): Controller {
  const { kube, informers, clock } = context;
  const jobs = informers.open<Job>({ apiVersion: 'batch/v1', kind: 'Job' });
  const pods = informers.open<Pod>({ apiVersion: 'v1', kind: 'Pod' });

  return defineController(context, {
    name: 'job-controller',
    informers: [jobs, pods],

    subscribe: (queue) => [
      follow(jobs, (job) => queue.add(keyOf(job))),
      follow(pods, (pod) => {
        const owner = controllerOf(pod);
        if (owner?.kind === 'Job') queue.add(`${pod.metadata.namespace ?? ''}/${owner.name}`);
      }),
    ],

    async sync(key, parts, signal) {
      const { namespace, name } = splitKey(key);
      const job = jobs.get(namespace, name);
      if (job === undefined || job.metadata.deletionTimestamp !== undefined) return;
      const end = endOf(job);
      if (end !== undefined) {
        await expire(job, end, parts);
        return;
      }
      const owned = sortPods(await claimOwned(kube, job, job.spec.selector, pods));
      await advance(job, owned, parts, signal);
    },
  });

  async function advance(
    job: Job,
    owned: JobPods,
    parts: ControllerParts,
    signal: AbortSignal,
  ): Promise<void> {
    const { queue, events } = parts;
    const now = clock.now();
    const isSuspended = job.spec.suspend === true;
    const startTime = isSuspended ? undefined : (job.status?.startTime ?? rfc3339(now));
    const startedAt = startTime === undefined ? now : Date.parse(startTime);
    const indexes = isIndexed(job) ? indexesOf(job, owned) : undefined;
    const outcome = isSuspended ? undefined : decideOutcome(job, owned, startedAt, now, indexes);
    let present = owned;
    let failure: Error | undefined;
    if (outcome !== undefined || isSuspended) {
      for (const pod of owned.active) await remove(job, pod, parts, signal);
      present = { ...owned, active: [], terminating: [...owned.terminating, ...owned.active] };
    } else {
      const pauseMs = pauseBefore(job, owned, now);
      if (pauseMs > 0) queue.addAfter(keyOf(job), pauseMs);
      else {
        try {
          const active =
            indexes === undefined
              ? await fill(job, owned, parts, signal)
              : await fillIndexes(job, owned, indexes, parts, signal);
          present = { ...owned, active };
        } catch (error) {
          failure = error instanceof Error ? error : new Error(messageOf(error));
          events.event(job, 'Warning', 'FailedCreate', `Error creating: ${messageOf(error)}`);
        }
      }
      const { activeDeadlineSeconds } = job.spec;
      if (activeDeadlineSeconds !== undefined) {
        queue.addAfter(keyOf(job), startedAt + activeDeadlineSeconds * 1000 - now);
      }
    }
    await writeStatus(job, present, { startTime, outcome, isSuspended, indexes }, parts);
    if (failure !== undefined) throw failure;
  }

  /** As many pods as there are to be. */
  async function fill(
    job: Job,
    owned: JobPods,
    parts: ControllerParts,
    signal: AbortSignal,
  ): Promise<readonly Pod[]> {
    const wanted = wantedActive(job, owned);
    const active = [...owned.active];
    while (active.length < wanted) active.push(await make(job, job.spec.template, parts, signal));
    for (const pod of active.slice(wanted)) await remove(job, pod, parts, signal);
    return active.slice(0, wanted);
  }

  /** A pod for each of the lowest indexes that are not done. */
  async function fillIndexes(
    job: Job,
    owned: JobPods,
    indexes: Indexes,
    parts: ControllerParts,
    signal: AbortSignal,
  ): Promise<readonly Pod[]> {
    const spare = sparePods(job, owned.active, indexes);
    const wanted = wantedActive(job, owned, indexes.succeeded.size);
    const useful = owned.active.filter((pod) => !spare.includes(pod));
    const highest = [...useful].sort((a, b) => (indexOf(b) ?? 0) - (indexOf(a) ?? 0));
    const surplus = highest.slice(0, Math.max(0, useful.length - wanted));
    for (const pod of [...spare, ...surplus]) await remove(job, pod, parts, signal);
    const active = useful.filter((pod) => !surplus.includes(pod));
    const count = wanted - active.length;
    const next = nextIndexes(job, { ...owned, active }, indexes, count, clock.now());
    if (next.pauseMs > 0) parts.queue.addAfter(keyOf(job), next.pauseMs);
    for (const index of next.indexes) {
      const name = `${job.metadata.name}-${index}`;
      active.push(await make(job, indexedTemplate(job, owned, index), parts, signal, name));
    }
    return active;
  }

  async function make(
    job: Job,
    template: PodTemplateSpec,
    { events }: ControllerParts,
    signal: AbortSignal,
    base?: string,
  ): Promise<Pod> {
    const pod = await createPod(kube, job, template, base);
    events.event(job, 'Normal', 'SuccessfulCreate', `Created pod: ${pod.metadata.name}`);
    await observed(context, pods, refTo(pod), (seen) => seen !== undefined, signal);
    return pod;
  }

  async function remove(
    job: Job,
    pod: Pod,
    { events }: Pick<ControllerParts, 'events'>,
    signal: AbortSignal,
  ): Promise<void> {
    await deletePod(kube, pod);
    events.event(job, 'Normal', 'SuccessfulDelete', `Deleted pod: ${pod.metadata.name}`);
    const isLeaving = (seen: Pod | undefined): boolean =>
      seen?.metadata.uid !== pod.metadata.uid || seen?.metadata.deletionTimestamp !== undefined;
    await observed(context, pods, refTo(pod), isLeaving, signal);
  }

  interface Seen {
    readonly startTime: string | undefined;
    readonly outcome: Outcome | undefined;
    readonly isSuspended: boolean;
    /** Of an Indexed job. */
    readonly indexes: Indexes | undefined;
  }

  async function writeStatus(
    job: Job,
    owned: JobPods,
    { startTime, outcome, isSuspended, indexes }: Seen,
    { events }: ControllerParts,
  ): Promise<void> {
    const now = clock.now();
    // The end is told when the last pod has ended: until then the outcome is.
    const isOver = outcome !== undefined && owned.active.length + owned.terminating.length === 0;
    const status: JobStatus & IndexedStatus = {
      active: owned.active.length,
      ready: owned.active.filter(isReady).length,
      terminating: owned.terminating.length,
      succeeded: indexes?.succeeded.size ?? owned.succeeded.length,
      ...(indexes === undefined ? {} : indexedStatus(job, indexes)),
      failed: owned.failed.length + (outcome?.type === 'Failed' ? owned.terminating.length : 0),
      ...(startTime === undefined ? {} : { startTime }),
      ...(isOver && outcome.type === 'Complete' ? { completionTime: rfc3339(now) } : {}),
      conditions: conditionsOf(job, outcome, isOver, isSuspended, now),
    };
    if (saysAll(job.status, status)) return;
    const { uid } = job.metadata;
    const patch = { metadata: { uid }, status: { ...(isSuspended ? { startTime: null } : {}), ...status } };
    await kube.patch(refTo(job), { type: 'merge', patch }, { subresource: 'status' });
    if (!isOver) return;
    if (outcome.type === 'Complete') events.event(job, 'Normal', 'Completed', 'Job completed');
    else events.event(job, 'Warning', outcome.reason, outcome.message);
  }

  /** Deletes a job that has been over for as long as it may be. */
  async function expire(job: Job, end: Condition, { queue }: ControllerParts): Promise<void> {
    const { ttlSecondsAfterFinished } = job.spec;
    if (ttlSecondsAfterFinished === undefined) return;
    const dueIn = Date.parse(end.lastTransitionTime ?? '') + ttlSecondsAfterFinished * 1000 - clock.now();
    if (dueIn > 0) queue.addAfter(keyOf(job), dueIn);
    else
      await kube.delete(refTo(job), {
        propagation: 'Background',
        ...(job.metadata.uid === undefined ? {} : { uid: job.metadata.uid }),
      });
  }
}

function conditionsOf(
  job: Job,
  outcome: Outcome | undefined,
  isOver: boolean,
  isSuspended: boolean,
  now: number,
): readonly Condition[] {
  let conditions: readonly Condition[] = job.status?.conditions ?? [];
  if (outcome !== undefined) {
    const { reason, message } = outcome;
    const target = outcome.type === 'Complete' ? 'SuccessCriteriaMet' : 'FailureTarget';
    conditions = withCondition(conditions, { type: target, status: 'True', reason, message }, now);
    if (isOver)
      conditions = withCondition(conditions, { type: outcome.type, status: 'True', reason, message }, now);
  }
  if (isSuspended) {
    return withCondition(
      conditions,
      { type: 'Suspended', status: 'True', reason: 'JobSuspended', message: 'Job suspended' },
      now,
    );
  }
  return conditionOf(conditions, 'Suspended')?.status === 'True'
    ? withCondition(
        conditions,
        { type: 'Suspended', status: 'False', reason: 'JobResumed', message: 'Job resumed' },
        now,
      )
    : conditions;
}

interface IndexedStatus {
  readonly terminating: number;
  readonly completedIndexes?: string;
  readonly failedIndexes?: string;
}

function indexedStatus(job: Job, { succeeded, failed }: Indexes): Omit<IndexedStatus, 'terminating'> {
  const completedIndexes = formatIndexes(succeeded);
  const perIndex = policiesOf(job).backoffLimitPerIndex !== undefined;
  return {
    ...(completedIndexes === '' ? {} : { completedIndexes }),
    ...(perIndex ? { failedIndexes: formatIndexes(failed) } : {}),
  };
}

/** Milliseconds until a failed pod may be followed by the next; indexes with limits of their own wait for themselves. */
function pauseBefore(job: Job, owned: JobPods, now: number): number {
  if (policiesOf(job).backoffLimitPerIndex !== undefined) return 0;
  const failures = countedFailures(job, { ...owned, active: [] });
  return failures === 0 ? 0 : Math.max(...owned.failed.map(failedAt)) + pauseAfter(failures) - now;
}
