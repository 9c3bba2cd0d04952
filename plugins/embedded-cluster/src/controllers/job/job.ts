import { hasCode, messageOf, type Condition, type Job, type Pod, type PodTemplateSpec } from '@epinio/core';
import { selectorMatches } from '../../kinds/workloads/label-selector.ts';
import {
  defineController,
  follow,
  keyOf,
  observed,
  refTo,
  splitKey,
  isAtLeast,
  type Controller,
  type ControllerContext,
  type ControllerParts,
} from '../machinery/controller.ts';
import { claimOwned, controllerOf } from '../machinery/ownership.ts';
import { rfc3339 } from '../machinery/rfc3339.ts';
import { saysAll } from '../machinery/same-status.ts';
import { createPod, deletePod } from '../pods/pod-control.ts';
import { indexedTemplate, indexesOf, indexOf, nextIndexes, sparePods, type Indexes } from './indexes.ts';
import { isIndexed, policiesOf } from './job-policies.ts';
import { decideOutcome, endOf, sortPods, wantedActive, type JobPods } from './outcome.ts';
import { failedAt, pauseAfter } from './pause.ts';
import { isOver, jobStatus, type Told } from './status.ts';
import {
  isTracked,
  MAX_UNCOUNTED,
  releasedFinalizers,
  tallyOf,
  trackedBy,
  TRACKING,
  type Uncounted,
} from './tracking.ts';

const NONE: Uncounted = { succeeded: [], failed: [] };

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
        const job = trackedBy(pod);
        if (job !== undefined) queue.add(`${pod.metadata.namespace ?? ''}/${job}`);
      }),
    ],

    async sync(key, parts, signal) {
      const { namespace, name } = splitKey(key);
      const job = jobs.get(namespace, name);
      if (job === undefined || job.metadata.deletionTimestamp !== undefined) {
        await releaseOthers(namespace, name, undefined, signal);
        return;
      }
      const end = endOf(job);
      if (end !== undefined) {
        await releaseOthers(namespace, name, undefined, signal);
        await expire(job, end, parts);
        return;
      }
      const owned = sortPods(await claimOwned(kube, job, job.spec.selector, pods));
      await releaseOthers(namespace, name, job, signal);
      await advance(job, owned, parts, signal);
    },
  });

  /** Lets go of pods that no Job counts any more: all of a name, or those that are not this Job's. */
  async function releaseOthers(
    namespace: string,
    name: string,
    job: Job | undefined,
    signal: AbortSignal,
  ): Promise<void> {
    for (const pod of pods.list(namespace)) {
      if (!isTracked(pod) || trackedBy(pod) !== name) continue;
      const isOwn = job !== undefined && controllerOf(pod)?.uid === job.metadata.uid;
      const isToBe = job !== undefined && selectorMatches(job.spec.selector, pod.metadata.labels ?? {});
      if (!isOwn && !(controllerOf(pod) === undefined && isToBe)) await release(pod, signal);
    }
  }

  /** Takes off the finalizer that keeps a pod until it is counted. */
  async function release(pod: Pod, signal: AbortSignal): Promise<void> {
    const { uid, resourceVersion } = pods.get(pod.metadata.namespace, pod.metadata.name)?.metadata ?? {};
    if (uid !== pod.metadata.uid) return;
    const metadata = { uid, resourceVersion, finalizers: releasedFinalizers(pod) };
    try {
      await kube.patch(refTo(pod), { type: 'merge', patch: { metadata } });
    } catch (error) {
      if (!hasCode(error, 'KUBE_NOT_FOUND')) throw error;
    }
    const isReleased = (seen: Pod | undefined): boolean =>
      seen === undefined || seen.metadata.uid !== uid || !isTracked(seen);
    await observed(context, pods, refTo(pod), isReleased, signal);
  }

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
      // What a suspended job ends counts as if it never was; what ends with the job is counted below.
      for (const pod of owned.active) {
        if (outcome === undefined) await release(pod, signal);
        await remove(job, pod, parts, signal);
      }
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
    await settle(job, present, { startTime, outcome, isSuspended, indexes }, parts, signal);
    if (failure !== undefined) throw failure;
  }

  /** As many pods as there are to be. */
  async function fill(
    job: Job,
    owned: JobPods,
    parts: ControllerParts,
    signal: AbortSignal,
  ): Promise<readonly Pod[]> {
    const wanted = wantedActive(job, owned, tallyOf(job, owned).successes);
    const active = [...owned.active];
    while (active.length < wanted) active.push(await make(job, job.spec.template, parts, signal));
    for (const pod of active.slice(wanted)) {
      await release(pod, signal);
      await remove(job, pod, parts, signal);
    }
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
    for (const pod of [...spare, ...surplus]) {
      await release(pod, signal);
      await remove(job, pod, parts, signal);
    }
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
    const pod = await createPod(kube, job, template, base, [TRACKING]);
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

  /** Names the pods that have ended, lets go of them, and counts them: in this order, so that none is counted twice or not at all. */
  async function settle(
    job: Job,
    present: JobPods,
    seen: Omit<Told, 'tally' | 'isLast'>,
    parts: ControllerParts,
    signal: AbortSignal,
  ): Promise<void> {
    const tally = tallyOf(job, present, seen.indexes, seen.outcome);
    const named = await writeStatus(
      job,
      present,
      { ...seen, tally, isLast: tally.release.length === 0 },
      parts,
    );
    await observed(context, jobs, refTo(job), (shown) => isAtLeast(shown, named), signal);
    if (tally.release.length === 0) return;
    for (const pod of tally.release) await release(pod, signal);
    const isLast = tally.release.length < MAX_UNCOUNTED;
    const { counted, failures, successes } = tally;
    const done = {
      ...tally,
      counted: { succeeded: seen.indexes === undefined ? successes : counted.succeeded, failed: failures },
      uncounted: NONE,
    };
    const counts = await writeStatus(named, present, { ...seen, tally: done, isLast }, parts);
    await observed(context, jobs, refTo(job), (shown) => isAtLeast(shown, counts), signal);
  }

  async function writeStatus(
    job: Job,
    owned: JobPods,
    told: Told,
    { events }: ControllerParts,
  ): Promise<Job> {
    const now = clock.now();
    const status = jobStatus(job, owned, told, now);
    if (saysAll(job.status, status)) return job;
    const { uid } = job.metadata;
    const lists = { succeeded: null, failed: null, ...status.uncountedTerminatedPods };
    const more = { ...(told.isSuspended ? { startTime: null } : {}), uncountedTerminatedPods: lists };
    const patch = { metadata: { uid }, status: { ...status, ...more } };
    const written = await kube.patch<Job>(refTo(job), { type: 'merge', patch }, { subresource: 'status' });
    const { outcome } = told;
    if (outcome === undefined || !isOver(owned, told)) return written;
    if (outcome.type === 'Complete') events.event(job, 'Normal', 'Completed', 'Job completed');
    else events.event(job, 'Warning', outcome.reason, outcome.message);
    return written;
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

/** Milliseconds until a failed pod may be followed by the next; indexes with limits of their own wait for themselves. */
function pauseBefore(job: Job, owned: JobPods, now: number): number {
  if (policiesOf(job).backoffLimitPerIndex !== undefined) return 0;
  const { failures } = tallyOf(job, owned);
  return failures === 0 ? 0 : Math.max(...owned.failed.map(failedAt)) + pauseAfter(failures) - now;
}
