import { at, isObject, numberAt, objectAt, type JsonObject } from '../../json.ts';
import { invalid, notSupported, required, type FieldError } from '../../schema/field-error.ts';
import type { ApiObject } from '../../storage/api-object.ts';
import { validateLabels } from '../metadata.ts';
import { setPodSpecDefaults } from '../pod/defaults.ts';
import { validatePodSpec } from '../pod/validate.ts';
import { selectorMatches, validateSelector } from './label-selector.ts';

/** The spec of an object, to be filled. */
export function specOf(object: ApiObject): JsonObject {
  const { spec } = object;
  if (isObject(spec)) return spec;
  const fresh: JsonObject = {};
  object['spec'] = fresh;
  return fresh;
}

/** Fills spec.template.spec. */
export function setTemplateDefaults(spec: JsonObject): void {
  const podSpec = at(spec, 'template', 'spec');
  if (isObject(podSpec)) setPodSpecDefaults(podSpec);
}

/** Findings in what Deployments and ReplicaSets have in common: replicas, selector, template. */
export function validateReplicated(spec: JsonObject): readonly FieldError[] {
  const { selector, template } = spec;
  const errors: FieldError[] = [];
  const replicas = numberAt(spec, 'replicas') ?? 0;
  if (replicas < 0) errors.push(invalid('spec.replicas', replicas, 'must be greater than or equal to 0'));
  if (!isObject(selector)) errors.push(required('spec.selector'));
  else if (Object.keys(selector).length === 0)
    errors.push(invalid('spec.selector', selector, 'empty selector is invalid for deployment'));
  errors.push(...validateSelector(selector, 'spec.selector'));
  const labels = objectAt(template, 'metadata', 'labels') as Readonly<Record<string, string>>;
  if (!selectorMatches(selector, labels)) {
    const shown = Object.keys(labels).length === 0 ? undefined : labels;
    errors.push(
      invalid('spec.template.metadata.labels', shown, '`selector` does not match template `labels`'),
    );
  }
  const restartPolicy = at(template, 'spec', 'restartPolicy');
  errors.push(...validateTemplate(template, 'spec.template'));
  if (restartPolicy !== undefined && restartPolicy !== 'Always') {
    errors.push(notSupported('spec.template.spec.restartPolicy', restartPolicy, ['Always']));
  }
  return errors;
}

/** Findings in a pod template. */
export function validateTemplate(template: unknown, path: string): readonly FieldError[] {
  return [
    ...validateLabels(objectAt(template, 'metadata', 'labels'), `${path}.metadata.labels`),
    ...validatePodSpec(objectAt(template, 'spec'), `${path}.spec`),
  ];
}
