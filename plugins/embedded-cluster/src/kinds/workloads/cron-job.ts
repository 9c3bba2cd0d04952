import { messageOf } from '@epinio/core';
import { at, isObject, objectAt, stringAt, type JsonObject } from '../../json.ts';
import type { KindRules } from '../../registry/resource.ts';
import { invalid, notSupported, required, type FieldError } from '../../schema/field-error.ts';
import { parseCron } from '../cron/cron-fields.ts';
import { timeZoneComplaint } from '../cron/time-zone.ts';
import { nonNegative } from '../validate-number.ts';
import { setFailurePolicyDefaults } from './job.ts';
import { setTemplateDefaults, specOf } from './pod-template.ts';
import { validateJobSpec } from './validate-job.ts';

/** Jobs are named after their CronJob and a time of eleven characters. */
const MAX_NAME = 52;
const POLICIES = ['Allow', 'Forbid', 'Replace'];

export const cronJobRules: KindRules = {
  generations: true,
  resets: { object: { 'f:status': {} }, status: { 'f:spec': {} } },

  setDefaults(cronJob) {
    const spec = specOf(cronJob);
    spec['concurrencyPolicy'] ||= 'Allow';
    spec['suspend'] ??= false;
    spec['successfulJobsHistoryLimit'] ??= 3;
    spec['failedJobsHistoryLimit'] ??= 1;
    const jobSpec = at(spec, 'jobTemplate', 'spec');
    if (!isObject(jobSpec)) return;
    setFailurePolicyDefaults(jobSpec);
    setTemplateDefaults(jobSpec);
  },

  prepareCreate(cronJob) {
    cronJob['status'] = {};
  },

  validate(cronJob) {
    const { name } = cronJob.metadata;
    const spec = specOf(cronJob);
    const tooLong = name.length > MAX_NAME;
    return [
      ...validateTimes(spec),
      ...validateJobTemplate(objectAt(spec, 'jobTemplate', 'spec'), 'spec.jobTemplate.spec'),
      ...nonNegative(spec, 'spec', 'successfulJobsHistoryLimit', 'failedJobsHistoryLimit'),
      ...(tooLong ? [invalid('metadata.name', name, `must be no more than ${MAX_NAME} characters`)] : []),
    ];
  },
};

function validateTimes(spec: JsonObject): readonly FieldError[] {
  const errors: FieldError[] = [];
  const schedule = stringAt(spec, 'schedule') ?? '';
  const { timeZone, concurrencyPolicy } = spec;
  if (schedule === '') errors.push(required('spec.schedule'));
  else {
    const complaint = complaintAbout(schedule);
    if (complaint !== undefined) errors.push(invalid('spec.schedule', schedule, complaint));
  }
  errors.push(...nonNegative(spec, 'spec', 'startingDeadlineSeconds'));
  if (typeof timeZone === 'string') {
    const complaint = timeZoneComplaint(timeZone);
    if (complaint !== undefined) errors.push(invalid('spec.timeZone', timeZone, complaint));
  }
  if (!POLICIES.includes(String(concurrencyPolicy)))
    errors.push(notSupported('spec.concurrencyPolicy', concurrencyPolicy, POLICIES));
  return errors;
}

function complaintAbout(schedule: string): string | undefined {
  if (schedule.includes('TZ')) return 'cannot use TZ or CRON_TZ in schedule, use timeZone field instead';
  try {
    parseCron(schedule);
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}

function validateJobTemplate(spec: Readonly<JsonObject>, path: string): readonly FieldError[] {
  const { selector, manualSelector } = spec;
  return [
    ...validateJobSpec(spec, path),
    ...(selector === undefined
      ? []
      : [invalid(`${path}.selector`, selector, '`selector` will be auto-generated')]),
    ...(manualSelector === true
      ? [notSupported(`${path}.manualSelector`, manualSelector, ['nil', 'false'])]
      : []),
  ];
}
