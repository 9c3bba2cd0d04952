import { hasCode, messageOf, type Job, type ObjectReference } from '@epinio/core';
import {
  defineController,
  follow,
  isAtLeast,
  keyOf,
  observed,
  refTo,
  splitKey,
  type Controller,
  type ControllerContext,
} from '../machinery/controller.ts';
import type { EventRecorder } from '../machinery/event-recorder.ts';
import { controllerOf, controllerReference } from '../machinery/ownership.ts';
import { rfc3339 } from '../machinery/rfc3339.ts';
import { saysAll } from '../machinery/same-status.ts';
import type { CronJob, CronJobStatus } from './cron-job-kind.ts';
import { dueOf, isTooLate } from './due.ts';
import { endOf, surplusJobs } from './finished-jobs.ts';
import { openSchedule } from './schedule.ts';
import { localTime } from './time-zone.ts';

const SCHEDULED = 'batch.kubernetes.io/cronjob-scheduled-timestamp';
/** The wall clock may jump while a timer runs: it is looked at so often. */
const MAX_SLEEP_MS = 60_000;
/** A time counts as come when it has surely passed. */
const MARGIN_MS = 100;

/** Makes Jobs at the times that a CronJob names. */
export function cronJobController(context: ControllerContext): Controller {
  const { kube, informers, clock } = context;
  const cronJobs = informers.open<CronJob>({ apiVersion: 'batch/v1', kind: 'CronJob' });
  const jobs = informers.open<Job>({ apiVersion: 'batch/v1', kind: 'Job' });

  return defineController(context, {
    name: 'cronjob-controller',
    informers: [cronJobs, jobs],

    subscribe: (queue) => [
      follow(cronJobs, (cronJob) => queue.add(keyOf(cronJob))),
      follow(jobs, (job) => {
        const owner = controllerOf(job);
        if (owner?.kind === 'CronJob') queue.add(`${job.metadata.namespace ?? ''}/${owner.name}`);
      }),
    ],

    async sync(key, { queue, events }, signal) {
      const { namespace, name } = splitKey(key);
      const cronJob = cronJobs.get(namespace, name);
      if (cronJob === undefined || cronJob.metadata.deletionTimestamp !== undefined) return;
      const owned = jobs.list(namespace).filter((job) => controllerOf(job)?.uid === cronJob.metadata.uid);
      const before = { ...cronJob, status: accountFor(cronJob, owned, events) };
      const { status, next } = await run(before, owned, events, signal);
      await writeStatus(cronJob, status, signal);
      for (const job of surplusJobs(cronJob, owned)) await remove(cronJob, job, events);
      if (next !== undefined) queue.addAfter(key, Math.min(MAX_SLEEP_MS, next + MARGIN_MS - clock.now()));
    },
  });

  /** The status without the jobs that have come to their end. */
  function accountFor(cronJob: CronJob, owned: readonly Job[], events: EventRecorder): CronJobStatus {
    const status = cronJob.status ?? {};
    let { lastSuccessfulTime } = status;
    const active = (status.active ?? []).filter((reference) => {
      const job = owned.find(({ metadata }) => metadata.uid === reference.uid);
      if (job === undefined) {
        const message = `Active job went missing: ${reference.name ?? ''}`;
        events.event(cronJob, 'Normal', 'MissingJob', message);
        return false;
      }
      const end = endOf(job);
      if (end === undefined) return true;
      const message = `Saw completed job: ${job.metadata.name}, condition: ${end}`;
      events.event(cronJob, 'Normal', 'SawCompletedJob', message);
      return false;
    });
    for (const job of owned) {
      const { completionTime } = job.status ?? {};
      const isLater = Date.parse(completionTime ?? '') > (Date.parse(lastSuccessfulTime ?? '') || 0);
      if (endOf(job) === 'Complete' && isLater) lastSuccessfulTime = completionTime;
    }
    return { ...status, active, ...(lastSuccessfulTime === undefined ? {} : { lastSuccessfulTime }) };
  }

  interface Ran {
    readonly status: CronJobStatus;
    /** When it is to be looked at again, in milliseconds. */
    readonly next: number | undefined;
  }

  /** Makes the job that is due, if one is. */
  async function run(
    cronJob: CronJob & { readonly status: CronJobStatus },
    owned: readonly Job[],
    events: EventRecorder,
    signal: AbortSignal,
  ): Promise<Ran> {
    const { spec, status } = cronJob;
    if (spec.suspend === true) return { status, next: undefined };
    const now = clock.now();
    const schedule = await openSchedule(spec.schedule, spec.timeZone).catch((error: unknown) => {
      const reason = error instanceof RangeError ? 'UnknownTimeZone' : 'UnparseableSchedule';
      const what = `${spec.schedule} : ${messageOf(error)}`;
      events.event(cronJob, 'Warning', reason, `unparseable schedule: ${what}`);
    });
    if (schedule === undefined) return { status, next: undefined };
    const due = dueOf(cronJob, schedule, now);
    if (due.missedMany)
      events.event(
        cronJob,
        'Warning',
        'TooManyMissedTimes',
        'too many missed start times. Set or decrease .spec.startingDeadlineSeconds or check clock skew',
      );
    if (due.time === undefined) return { status, next: due.next };
    if (isTooLate(cronJob, due.time, now)) {
      const message = `Missed scheduled time to start a job: ${rfc3339(due.time)}`;
      events.event(cronJob, 'Warning', 'MissSchedule', message);
      return { status, next: due.next };
    }
    return { status: await start(cronJob, due.time, owned, events, signal), next: due.next };
  }

  async function start(
    cronJob: CronJob & { readonly status: CronJobStatus },
    time: number,
    owned: readonly Job[],
    events: EventRecorder,
    signal: AbortSignal,
  ): Promise<CronJobStatus> {
    const { spec, status } = cronJob;
    let active = status.active ?? [];
    if (spec.concurrencyPolicy === 'Forbid' && active.length > 0) {
      events.event(
        cronJob,
        'Normal',
        'JobAlreadyActive',
        'Not starting job because prior execution is running and concurrency policy is Forbid',
      );
      return status;
    }
    if (spec.concurrencyPolicy === 'Replace') {
      const running = owned.filter(({ metadata }) => active.some(({ uid }) => uid === metadata.uid));
      for (const job of running) await remove(cronJob, job, events);
      active = [];
    }
    const job = await create(cronJob, time, events, signal);
    const { namespace = '', name, uid = '', resourceVersion = '' } = job.metadata;
    const reference: ObjectReference = {
      ...{ apiVersion: 'batch/v1', kind: 'Job', namespace, name, uid, resourceVersion },
    };
    const isOver = endOf(job) !== undefined;
    return { ...status, active: isOver ? active : [...active, reference], lastScheduleTime: rfc3339(time) };
  }

  /** The job of a time has a name of that time: it is made once, whoever dies in between. */
  async function create(
    cronJob: CronJob,
    time: number,
    events: EventRecorder,
    signal: AbortSignal,
  ): Promise<Job> {
    const { namespace = '', name: base } = cronJob.metadata;
    const { metadata = {}, spec } = cronJob.spec.jobTemplate;
    const job: Job = {
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: {
        namespace,
        name: `${base}-${Math.floor(time / 60_000)}`,
        ...(metadata.labels === undefined ? {} : { labels: metadata.labels }),
        annotations: {
          ...metadata.annotations,
          [SCHEDULED]: localTime(cronJob.spec.timeZone ?? 'UTC', time),
        },
        ownerReferences: [controllerReference(cronJob)],
      },
      spec,
    };
    try {
      const made = await kube.create<Job>(job);
      events.event(cronJob, 'Normal', 'SuccessfulCreate', `Created job ${made.metadata.name}`);
      await observed(context, jobs, refTo(made), (seen) => isAtLeast(seen, made), signal);
      return made;
    } catch (error) {
      const present = hasCode(error, 'KUBE_ALREADY_EXISTS') ? await kube.get<Job>(refTo(job)) : undefined;
      if (present !== undefined && controllerOf(present)?.uid === cronJob.metadata.uid) return present;
      events.event(cronJob, 'Warning', 'FailedCreate', `Error creating job: ${messageOf(error)}`);
      throw error;
    }
  }

  async function remove(cronJob: CronJob, job: Job, events: EventRecorder): Promise<void> {
    const { uid, name } = job.metadata;
    await kube.delete(refTo(job), { propagation: 'Background', ...(uid === undefined ? {} : { uid }) });
    events.event(cronJob, 'Normal', 'SuccessfulDelete', `Deleted job ${name}`);
  }

  async function writeStatus(cronJob: CronJob, status: CronJobStatus, signal: AbortSignal): Promise<void> {
    if (saysAll(cronJob.status, status)) return;
    const { uid } = cronJob.metadata;
    const patch = { metadata: { uid }, status };
    const written = await kube.patch<CronJob>(
      refTo(cronJob),
      { type: 'merge', patch },
      { subresource: 'status' },
    );
    await observed(context, cronJobs, refTo(cronJob), (seen) => isAtLeast(seen, written), signal);
  }
}
