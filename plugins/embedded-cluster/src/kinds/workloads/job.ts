import { at, equal, isObject, objectAt, objectsAt, type JsonObject } from '../../json.ts';
import type { KindRules } from '../../registry/resource.ts';
import { invalid, required, type FieldError } from '../../schema/field-error.ts';
import type { ApiObject } from '../../storage/api-object.ts';
import { selectorMatches, validateSelector } from './label-selector.ts';
import { setTemplateDefaults, specOf } from './pod-template.ts';
import { validateJobSpec } from './validate-job.ts';

export const jobRules: KindRules = {
  generations: true,
  propagation: 'Orphan', // kept by Kubernetes for clients of old: kubectl always asks for what it wants
  resets: { object: { 'f:status': {} }, status: { 'f:spec': {} } },

  setDefaults(job) {
    const spec = specOf(job);
    if (spec['completions'] === undefined && spec['parallelism'] === undefined) {
      spec['completions'] = 1;
      spec['parallelism'] = 1;
    }
    spec['parallelism'] ??= 1;
    spec['backoffLimit'] ??= spec['backoffLimitPerIndex'] === undefined ? 6 : 2147483647;
    const labels = objectAt(spec, 'template', 'metadata', 'labels');
    if (Object.keys(job.metadata.labels ?? {}).length === 0 && Object.keys(labels).length > 0)
      job.metadata.labels = { ...(labels as Record<string, string>) };
    setFailurePolicyDefaults(spec);
    spec['completionMode'] ??= 'NonIndexed';
    spec['suspend'] ??= false;
    spec['manualSelector'] ??= false;
    spec['podReplacementPolicy'] ??=
      spec['podFailurePolicy'] === undefined ? 'TerminatingOrFailed' : 'Failed';
    setTemplateDefaults(spec);
  },

  prepareCreate(job) {
    job['status'] = {};
    const spec = specOf(job);
    if (spec['manualSelector'] !== true) generateSelector(job, spec);
  },

  validate(job) {
    const spec = specOf(job);
    const { selector, template } = spec;
    const errors: FieldError[] = [];
    if (!isObject(selector)) errors.push(required('spec.selector'));
    else errors.push(...validateSelector(selector, 'spec.selector'));
    const labels = objectAt(template, 'metadata', 'labels');
    if (isObject(selector) && !selectorMatches(selector, labels as Readonly<Record<string, string>>)) {
      errors.push(
        invalid('spec.template.metadata.labels', labels, '`selector` does not match template `labels`'),
      );
    }
    return [...validateJobSpec(spec, 'spec'), ...errors];
  },

  validateUpdate(next, current) {
    const after = specOf(next);
    const before = specOf(current);
    const isIndexed = after['completionMode'] === 'Indexed';
    const isElastic = isIndexed && after['completions'] === after['parallelism'];
    if (isIndexed && !isElastic && after['completions'] !== before['completions']) {
      const why = 'can only be modified in tandem with spec.parallelism';
      return [invalid('spec.completions', after['completions'], why)];
    }
    const fixed = [
      ...(isIndexed ? [] : ['completions']),
      'selector',
      'template',
      'completionMode',
      'podFailurePolicy',
      'backoffLimitPerIndex',
      'managedBy',
      'successPolicy',
    ];
    const suspended = before['suspend'] === true && at(current, 'status', 'startTime') === undefined;
    return fixed
      .filter((name) => !(suspended && name === 'template')) // a job that never ran may still get other pods
      .filter((name) => !equal(after[name], before[name]))
      .map((name) => invalid(`spec.${name}`, after[name], 'field is immutable'));
  },
};

/** A condition that a failure policy looks for is True unless it says otherwise. */
export function setFailurePolicyDefaults(spec: Readonly<JsonObject>): void {
  for (const rule of objectsAt(spec, 'podFailurePolicy', 'rules'))
    for (const pattern of objectsAt(rule, 'onPodConditions')) pattern['status'] ||= 'True';
}

/** Pods of a job are told from those of another of the same name by the job's uid. */
function generateSelector(job: ApiObject, spec: JsonObject): void {
  const { uid = '', name } = job.metadata;
  const labels = {
    'batch.kubernetes.io/controller-uid': uid,
    'batch.kubernetes.io/job-name': name,
    'controller-uid': uid,
    'job-name': name,
  };
  job.metadata.labels = { ...job.metadata.labels, ...labels };
  const template: JsonObject = isObject(spec['template']) ? spec['template'] : {};
  const metadata: JsonObject = isObject(template['metadata']) ? template['metadata'] : {};
  metadata['labels'] = { ...objectAt(metadata, 'labels'), ...labels };
  template['metadata'] = metadata;
  spec['template'] = template;
  const selector: JsonObject = isObject(spec['selector']) ? spec['selector'] : {};
  selector['matchLabels'] = {
    ...objectAt(selector, 'matchLabels'),
    'batch.kubernetes.io/controller-uid': uid,
  };
  spec['selector'] = selector;
}
