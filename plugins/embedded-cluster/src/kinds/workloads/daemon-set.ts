import { at, equal, isObject, type JsonObject } from '../../json.ts';
import type { KindRules } from '../../registry/resource.ts';
import { forbidden, invalid, notSupported, required, type FieldError } from '../../schema/field-error.ts';
import type { ApiObject } from '../../storage/api-object.ts';
import { emptyStatus } from '../empty-status.ts';
import { intOrShare, isNone, nonNegative } from '../validate-number.ts';
import { immutableSelector } from './deployment.ts';
import { setTemplateDefaults, specOf, validateReplicated } from './pod-template.ts';

/** Counts templates, from the time before ControllerRevisions; clients still show it. */
const TEMPLATE_GENERATION = 'deprecated.daemonset.template.generation';

export const daemonSetRules: KindRules = {
  generations: true,
  resets: { object: { 'f:status': {} }, status: { 'f:spec': {} } },

  setDefaults(daemonSet) {
    const spec = specOf(daemonSet);
    const strategy: JsonObject = isObject(spec['updateStrategy']) ? spec['updateStrategy'] : {};
    spec['updateStrategy'] = strategy;
    strategy['type'] ||= 'RollingUpdate';
    if (strategy['type'] === 'RollingUpdate') {
      const rolling: JsonObject = isObject(strategy['rollingUpdate']) ? strategy['rollingUpdate'] : {};
      strategy['rollingUpdate'] = rolling;
      rolling['maxUnavailable'] ??= 1;
      rolling['maxSurge'] ??= 0;
    }
    spec['revisionHistoryLimit'] ??= 10;
    setTemplateDefaults(spec);
    setTemplateGeneration(daemonSet, templateGeneration(daemonSet));
  },

  prepareCreate(daemonSet) {
    daemonSet['status'] = emptyStatus('apps.v1.DaemonSetStatus');
    setTemplateGeneration(daemonSet, 1);
  },

  prepareUpdate(next, current) {
    const isSame = equal(specOf(next)['template'], specOf(current)['template']);
    setTemplateGeneration(next, templateGeneration(current) + (isSame ? 0 : 1));
  },

  validate(daemonSet) {
    const spec = specOf(daemonSet);
    return [
      ...validateReplicated(spec, 'daemonset'),
      ...(at(spec, 'template', 'spec', 'activeDeadlineSeconds') === undefined
        ? []
        : [
            forbidden(
              'spec.template.spec.activeDeadlineSeconds',
              'activeDeadlineSeconds in DaemonSet is not Supported',
            ),
          ]),
      ...nonNegative(spec, 'spec', 'minReadySeconds', 'revisionHistoryLimit'),
      ...validateStrategy(spec['updateStrategy']),
    ];
  },

  validateUpdate: (next, current) => immutableSelector(specOf(next), specOf(current)),
};

function templateGeneration({ metadata }: ApiObject): number {
  return Number.parseInt(metadata.annotations?.[TEMPLATE_GENERATION] ?? '', 10) || 0;
}

function setTemplateGeneration({ metadata }: ApiObject, generation: number): void {
  metadata.annotations = { ...metadata.annotations, [TEMPLATE_GENERATION]: String(generation) };
}

function validateStrategy(strategy: unknown): readonly FieldError[] {
  const path = 'spec.updateStrategy';
  const type = at(strategy, 'type');
  if (type === 'OnDelete') return [];
  if (type !== 'RollingUpdate') return [notSupported(path, strategy, ['RollingUpdate', 'OnDelete'])];
  const maxUnavailable = at(strategy, 'rollingUpdate', 'maxUnavailable');
  const maxSurge = at(strategy, 'rollingUpdate', 'maxSurge');
  const errors = [
    ...intOrShare(maxUnavailable, `${path}.rollingUpdate.maxUnavailable`),
    ...intOrShare(maxSurge, `${path}.rollingUpdate.maxSurge`),
  ];
  if (!isNone(maxUnavailable) && !isNone(maxSurge))
    errors.push(
      invalid(`${path}.rollingUpdate.maxSurge`, maxSurge, 'may not be set when maxUnavailable is non-zero'),
    );
  if (isNone(maxUnavailable) && isNone(maxSurge))
    errors.push(required(`${path}.rollingUpdate.maxUnavailable`, 'cannot be 0 when maxSurge is 0'));
  return errors;
}
