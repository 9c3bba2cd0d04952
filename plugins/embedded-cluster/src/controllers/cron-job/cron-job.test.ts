import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Clock, Job, KubeObject, Pod } from '@epinio/core';
import { systemClock } from '@epinio/core/testkit';
import { TestCluster } from '../testkit/test-cluster.ts';
import type { CronJob } from './cron-job-kind.ts';

const ref = { apiVersion: 'batch/v1', kind: 'CronJob', namespace: 'default', name: 'tick' };

function tick(spec: Partial<CronJob['spec']> = {}): CronJob {
  return {
    apiVersion: 'batch/v1',
    kind: 'CronJob',
    metadata: { namespace: 'default', name: 'tick' },
    spec: {
      schedule: '@every 1s',
      jobTemplate: {
        metadata: { labels: { of: 'tick' } },
        spec: { template: { spec: { restartPolicy: 'Never', containers: [{ name: 'main', image: 'a' }] } } },
      },
      ...spec,
    },
  };
}

async function jobs(cluster: TestCluster): Promise<readonly Job[]> {
  return await cluster.list<Job>('Job', 'of=tick');
}

async function hasEvent(cluster: TestCluster, reason: string): Promise<void> {
  await cluster.until(async () => {
    const events = await cluster.list<KubeObject & { reason?: string }>('Event');
    assert.ok(events.some((event) => event.reason === reason));
  });
}

test('a job is made at its time, named after it, and accounted for', async () => {
  await using cluster = await TestCluster.start();
  await cluster.kube.create(tick());
  const [job] = await cluster.until(async () => {
    const made = await jobs(cluster);
    assert.ok(made.length > 0);
    return made;
  });
  const cronJob = await cluster.until(async () => {
    const seen = await cluster.kube.get<CronJob>(ref);
    assert.notEqual(seen?.status?.lastSuccessfulTime, undefined);
    return seen;
  });
  const minutes = Math.floor(Date.parse(cronJob?.status?.lastScheduleTime ?? '') / 60_000);
  assert.match(job?.metadata.name ?? '', new RegExp(`^tick-(${minutes}|${minutes - 1})$`));
  assert.match(
    job?.metadata.annotations?.['batch.kubernetes.io/cronjob-scheduled-timestamp'] ?? '',
    /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/,
  );
  await hasEvent(cluster, 'SawCompletedJob');
});

test('nothing starts while it is suspended', async () => {
  await using cluster = await TestCluster.start({ node: false });
  await cluster.kube.create(tick({ suspend: true }));
  const other = tick();
  await cluster.kube.create({ ...other, metadata: { ...other.metadata, name: 'other' } });
  const made = await cluster.until(async () => {
    const present = await jobs(cluster);
    assert.ok(present.length > 0);
    return present;
  });
  assert.ok(made.every(({ metadata }) => metadata.name.startsWith('other-')));
  await cluster.kube.patch(ref, { type: 'merge', patch: { spec: { suspend: false } } });
  await cluster.until(async () =>
    assert.ok((await jobs(cluster)).some(({ metadata }) => metadata.name.startsWith('tick-'))),
  );
});

test('with Forbid no job starts while one runs', async () => {
  await using cluster = await TestCluster.start({ node: false });
  await cluster.kube.create(tick({ concurrencyPolicy: 'Forbid' }));
  await hasEvent(cluster, 'JobAlreadyActive');
  assert.equal((await jobs(cluster)).length, 1);
  assert.equal((await cluster.kube.get<CronJob>(ref))?.status?.active?.length, 1);
});

test('history goes beyond its limit, and all goes with the CronJob', async () => {
  await using cluster = await TestCluster.start();
  await cluster.kube.create(tick({ suspend: true, successfulJobsHistoryLimit: 1 }));
  const owner = await cluster.kube.get<CronJob>(ref);
  const ownerReferences = [
    {
      ...{ apiVersion: 'batch/v1', kind: 'CronJob', name: 'tick', uid: owner?.metadata.uid ?? '' },
      ...{ controller: true, blockOwnerDeletion: true },
    },
  ];
  for (const name of ['one', 'two', 'three']) {
    const { spec } = tick().spec.jobTemplate;
    const metadata = { namespace: 'default', name, labels: { of: 'tick' }, ownerReferences };
    await cluster.kube.create<Job>({ apiVersion: 'batch/v1', kind: 'Job', metadata, spec });
  }
  await cluster.until(async () => assert.equal((await jobs(cluster)).length, 1));
  await cluster.kube.delete(ref);
  await cluster.until(async () => {
    assert.deepEqual(await jobs(cluster), []);
    assert.deepEqual(await cluster.list<Pod>('Pod'), []);
  });
});

test('a clock that jumps makes up for the last time alone, and for none twice', async () => {
  const hour = 3_600_000;
  // Half past the hour, so that none begins meanwhile.
  const start = hour / 2 - (systemClock.now() % hour);
  let jump = start;
  const clock: Clock = {
    now: () => systemClock.now() + jump,
    elapsed: () => systemClock.elapsed(),
    // Looks for what is due come every 50 ms, not every minute.
    sleep: (ms, signal) => systemClock.sleep(ms > 30_000 ? 50 : ms, signal),
  };
  await using cluster = await TestCluster.start({ clock });
  await cluster.kube.create(tick({ schedule: '0 * * * *' }));
  const made = async (): Promise<readonly string[]> =>
    (await jobs(cluster)).map(({ metadata }) => metadata.name).sort();
  const nameAt = (time: number): string => `tick-${(Math.floor(time / hour) * hour) / 60_000}`;
  const expected: string[] = [];
  for (const hours of [26, -500, 26, 29]) {
    jump = start + hours * hour;
    const name = nameAt(clock.now());
    // What was made for a later time, or for this one, is not made again.
    if (hours > 0 && !expected.includes(name)) expected.push(name);
    await cluster.until(async () => assert.deepEqual(await made(), expected));
    await systemClock.sleep(200);
    assert.deepEqual(await made(), expected, `after a jump to ${hours} hours from now`);
  }
});
