import { at, equal, isObject, numberAt, objectAt, type JsonObject } from '../../json.ts';
import type { KindRules } from '../../registry/resource.ts';
import { invalid, notSupported, required, type FieldError } from '../../schema/field-error.ts';
import type { ApiObject } from '../../storage/api-object.ts';
import { selectorMatches, validateSelector } from './label-selector.ts';
import { setTemplateDefaults, specOf, validateTemplate } from './pod-template.ts';

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
    for (const name of [
      'parallelism',
      'completions',
      'backoffLimit',
      'activeDeadlineSeconds',
      'ttlSecondsAfterFinished',
    ]) {
      const value = numberAt(spec, name) ?? 0;
      if (value < 0) errors.push(invalid(`spec.${name}`, value, 'must be greater than or equal to 0'));
    }
    if (!isObject(selector)) errors.push(required('spec.selector'));
    else errors.push(...validateSelector(selector, 'spec.selector'));
    const labels = objectAt(template, 'metadata', 'labels');
    if (isObject(selector) && !selectorMatches(selector, labels as Readonly<Record<string, string>>)) {
      errors.push(
        invalid('spec.template.metadata.labels', labels, '`selector` does not match template `labels`'),
      );
    }
    errors.push(...validateTemplate(template, 'spec.template'));
    const policy = at(template, 'spec', 'restartPolicy');
    if (policy === 'Always') {
      errors.push(required('spec.template.spec.restartPolicy', 'valid values: "OnFailure", "Never"'));
    } else if (policy !== 'OnFailure' && policy !== 'Never') {
      errors.push(notSupported('spec.template.spec.restartPolicy', policy, ['OnFailure', 'Never']));
    }
    return errors;
  },

  validateUpdate(next, current) {
    const after = specOf(next);
    const before = specOf(current);
    const fixed = [
      'completions',
      'selector',
      'template',
      'completionMode',
      'podFailurePolicy',
      'backoffLimitPerIndex',
      'managedBy',
    ];
    const suspended = before['suspend'] === true && at(current, 'status', 'startTime') === undefined;
    return fixed
      .filter((name) => !(suspended && name === 'template')) // a job that never ran may still get other pods
      .filter((name) => !equal(after[name], before[name]))
      .map((name) => invalid(`spec.${name}`, after[name], 'field is immutable'));
  },
};

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
