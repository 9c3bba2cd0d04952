import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { CronJob } from './cron-job-kind.ts';
import { dueOf, isTooLate } from './due.ts';
import { openSchedule } from './schedule.ts';
import { localTime } from './time-zone.ts';

/** The times of a schedule after another, as ISO text without seconds. */
async function times(
  schedule: string,
  timeZone: string,
  after: string,
  count: number,
): Promise<readonly string[]> {
  const opened = await openSchedule(schedule, timeZone);
  const found: string[] = [];
  for (let time = opened.next(Date.parse(after)); time !== undefined; time = opened.next(time)) {
    found.push(new Date(time).toISOString().slice(0, 16));
    if (found.length === count) break;
  }
  return found;
}

describe('schedules', () => {
  it('have the five fields of cron', async () => {
    const after = '2026-03-01T00:00:00Z';
    assert.deepEqual(await times('5/20 9-10 * * mon', 'UTC', after, 4), [
      '2026-03-02T09:05',
      '2026-03-02T09:25',
      '2026-03-02T09:45',
      '2026-03-02T10:05',
    ]);
    // A day of the month or of the week: either will do.
    assert.deepEqual(await times('0 0 13 * 5', 'UTC', after, 3), [
      '2026-03-06T00:00',
      '2026-03-13T00:00',
      '2026-03-20T00:00',
    ]);
    assert.deepEqual(await times('0 12 29 2 *', 'UTC', after, 1), ['2028-02-29T12:00']);
    assert.deepEqual(await times('0 0 31 2 *', 'UTC', after, 1), []);
    assert.deepEqual(await times('@weekly', 'UTC', after, 1), ['2026-03-08T00:00']);
    assert.deepEqual(await times('@every 1h30m', 'UTC', after, 2), ['2026-03-01T01:30', '2026-03-01T03:00']);
  });

  it('follow the clock of a zone: what it skips does not come, what it repeats comes twice', async () => {
    const spring = '2026-03-07T12:00:00Z';
    assert.deepEqual(await times('30 2 * * *', 'America/New_York', spring, 2), [
      '2026-03-09T06:30',
      '2026-03-10T06:30',
    ]);
    assert.deepEqual(await times('0 3 * * *', 'America/New_York', spring, 2), [
      '2026-03-08T07:00',
      '2026-03-09T07:00',
    ]);
    const autumn = '2026-11-01T04:40:00Z';
    assert.deepEqual(await times('30 1 * * *', 'America/New_York', autumn, 3), [
      '2026-11-01T05:30',
      '2026-11-01T06:30',
      '2026-11-02T06:30',
    ]);
    assert.deepEqual(await times('*/30 * * * *', 'America/New_York', autumn, 5), [
      '2026-11-01T05:00',
      '2026-11-01T05:30',
      '2026-11-01T06:00',
      '2026-11-01T06:30',
      '2026-11-01T07:00',
    ]);
  });

  it('refuse what they do not know', async () => {
    await assert.rejects(openSchedule('* * * *'), /expected exactly 5 fields, found 4/);
    await assert.rejects(openSchedule('* * * * 7'), /end of range \(7\) above maximum \(6\)/);
    await assert.rejects(openSchedule('@never'), /unrecognized descriptor: @never/);
    await assert.rejects(openSchedule('a * * * *'), /failed to parse int from a/);
    await assert.rejects(openSchedule('@every soon'), /failed to parse duration @every soon/);
  });

  it('are told in the time of the zone', () => {
    assert.equal(localTime('UTC', 0), '1970-01-01T00:00:00Z');
    assert.equal(localTime('Asia/Kolkata', 0), '1970-01-01T05:30:00+05:30');
    assert.equal(localTime('America/New_York', 0), '1969-12-31T19:00:00-05:00');
  });
});

describe('what is due', () => {
  const job = (spec: Partial<CronJob['spec']>, last?: string): CronJob => ({
    apiVersion: 'batch/v1',
    kind: 'CronJob',
    metadata: { name: 'c', creationTimestamp: '2026-01-01T00:00:30Z' },
    spec: {
      schedule: '* * * * *',
      jobTemplate: { spec: { template: { spec: { containers: [] } } } },
      ...spec,
    },
    ...(last === undefined ? {} : { status: { lastScheduleTime: last } }),
  });
  const at = (text: string): number => Date.parse(text);

  it('is the last time that has come', async () => {
    const minutely = await openSchedule('* * * * *');
    assert.equal(dueOf(job({}), minutely, at('2026-01-01T00:00:59Z')).time, undefined);
    assert.equal(dueOf(job({}), minutely, at('2026-01-01T00:01:00Z')).time, at('2026-01-01T00:01:00Z'));
    const later = dueOf(job({}), minutely, at('2026-06-01T12:34:56Z'));
    assert.deepEqual(later, {
      time: at('2026-06-01T12:34:00Z'),
      next: at('2026-06-01T12:35:00Z'),
      missedMany: true,
    });
    const done = job({}, '2026-06-01T12:34:00Z');
    assert.equal(dueOf(done, minutely, at('2026-06-01T12:34:56Z')).time, undefined);
    const daily = await openSchedule('0 3 * * *');
    assert.equal(dueOf(job({}), daily, at('2026-01-05T02:00:00Z')).time, at('2026-01-04T03:00:00Z'));
  });

  it('is nothing when the clock has jumped back', async () => {
    const minutely = await openSchedule('* * * * *');
    const ahead = job({}, '2026-06-01T12:34:00Z');
    assert.equal(dueOf(ahead, minutely, at('2026-06-01T11:00:00Z')).time, undefined);
  });

  it('is nothing that is older than the deadline', async () => {
    const hourly = await openSchedule('0 * * * *');
    const late = job({ startingDeadlineSeconds: 60 });
    assert.equal(dueOf(late, hourly, at('2026-01-01T05:02:00Z')).time, undefined);
    const due = dueOf(late, hourly, at('2026-01-01T05:00:30Z'));
    assert.equal(due.time, at('2026-01-01T05:00:00Z'));
    assert.equal(isTooLate(late, due.time, at('2026-01-01T05:01:01Z')), true);
  });
});
