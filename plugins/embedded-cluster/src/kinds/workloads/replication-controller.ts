import { at, isObject, objectAt, type JsonObject } from '../../json.ts';
import type { KindRules } from '../../registry/resource.ts';
import { forbidden, invalid, notSupported, required, type FieldError } from '../../schema/field-error.ts';
import type { ApiObject } from '../../storage/api-object.ts';
import { emptyStatus } from '../empty-status.ts';
import { nonNegative } from '../validate-number.ts';
import { selectorMatches } from './label-selector.ts';
import { setTemplateDefaults, specOf, validateTemplate } from './pod-template.ts';

export const replicationControllerRules: KindRules = {
  generations: true,
  propagation: 'Orphan', // kept by Kubernetes for clients of old: kubectl always asks for what it wants
  resets: { object: { 'f:status': {} }, status: { 'f:spec': {} } },

  /** What is left out comes from the labels of the template. */
  setDefaults(controller) {
    const spec = specOf(controller);
    const labels = objectAt(spec, 'template', 'metadata', 'labels');
    if (Object.keys(labels).length > 0) {
      if (Object.keys(objectAt(spec, 'selector')).length === 0) spec['selector'] = { ...labels };
      if (Object.keys(controller.metadata.labels ?? {}).length === 0)
        controller.metadata.labels = { ...(labels as Record<string, string>) };
    }
    spec['replicas'] ??= 1;
    setTemplateDefaults(spec);
  },

  prepareCreate(controller) {
    controller['status'] = emptyStatus('core.v1.ReplicationControllerStatus');
  },

  validate: validateController,
};

function validateController(controller: ApiObject): readonly FieldError[] {
  const spec = specOf(controller);
  const { template } = spec;
  const selector = objectAt(spec, 'selector');
  const errors: FieldError[] = [...nonNegative(spec, 'spec', 'minReadySeconds', 'replicas')];
  if (Object.keys(selector).length === 0) errors.push(required('spec.selector'));
  if (!isObject(template)) return [...errors, required('spec.template')];
  const labels = objectAt(template, 'metadata', 'labels') as Readonly<Record<string, string>>;
  if (Object.keys(selector).length > 0 && !selectorMatches(asLabelSelector(selector), labels))
    errors.push(
      invalid('spec.template.metadata.labels', labels, '`selector` does not match template `labels`'),
    );
  errors.push(...validateTemplate(template, 'spec.template'));
  const restartPolicy = at(template, 'spec', 'restartPolicy');
  if (restartPolicy !== undefined && restartPolicy !== 'Always')
    errors.push(notSupported('spec.template.spec.restartPolicy', restartPolicy, ['Always']));
  if (at(template, 'spec', 'activeDeadlineSeconds') !== undefined)
    errors.push(
      forbidden(
        'spec.template.spec.activeDeadlineSeconds',
        'activeDeadlineSeconds in ReplicationController is not Supported',
      ),
    );
  return errors;
}

/** Selectors of core/v1 are maps of labels. */
export function asLabelSelector(selector: Readonly<JsonObject>): JsonObject {
  return { matchLabels: selector };
}
