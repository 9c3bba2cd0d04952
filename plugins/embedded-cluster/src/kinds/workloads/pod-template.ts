import { at, isObject, objectAt, type JsonObject } from '../../json.ts';
import { invalid, notSupported, required, type FieldError } from '../../schema/field-error.ts';
import type { ApiObject } from '../../storage/api-object.ts';
import type { KindRules } from '../../registry/resource.ts';
import { validateLabels } from '../metadata.ts';
import { setPodSpecDefaults } from '../pod/defaults.ts';
import { validatePodSpec } from '../pod/validate.ts';
import { nonNegative } from '../validate-number.ts';
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

/**
 * Findings in what all kinds that keep pods going have in common: replicas, selector, template.
 * `what` is the kind as messages about it have it: "deployment".
 */
export function validateReplicated(spec: JsonObject, what = 'deployment'): readonly FieldError[] {
  const { selector, template } = spec;
  const errors: FieldError[] = [...nonNegative(spec, 'spec', 'replicas')];
  if (!isObject(selector)) errors.push(required('spec.selector'));
  else if (Object.keys(selector).length === 0)
    errors.push(invalid('spec.selector', selector, `empty selector is invalid for ${what}`));
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

/** A PodTemplate of core/v1: a template that stands by itself. */
export const podTemplateRules: KindRules = {
  generations: true,
  returnsDeleted: true,
  setDefaults: (podTemplate) => setTemplateDefaults(podTemplate),
  validate: (podTemplate) => validateTemplate(podTemplate['template'], 'template'),
};
