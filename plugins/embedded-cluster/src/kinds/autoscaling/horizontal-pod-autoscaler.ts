import { isObject, numberAt, objectAt, objectsAt, stringAt, type JsonObject } from '../../json.ts';
import type { KindRules } from '../../registry/resource.ts';
import { invalid, notSupported, required, type FieldError } from '../../schema/field-error.ts';
import { pathSegment } from '../../schema/names.ts';
import { emptyStatus } from '../empty-status.ts';
import { specOf } from '../workloads/pod-template.ts';

const CPU_UTILIZATION = 80;
const SOURCES: Readonly<Record<string, string>> = {
  ContainerResource: 'containerResource',
  External: 'external',
  Object: 'object',
  Pods: 'pods',
  Resource: 'resource',
};

/** autoscaling/v2. Stored and not acted on. */
export const horizontalPodAutoscalerRules: KindRules = {
  resets: { object: { 'f:status': {} }, status: { 'f:spec': {} } },

  setDefaults(autoscaler) {
    const spec = specOf(autoscaler);
    spec['minReplicas'] ??= 1;
    if (objectsAt(spec, 'metrics').length === 0)
      spec['metrics'] = [
        {
          type: 'Resource',
          resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: CPU_UTILIZATION } },
        },
      ];
    const { behavior } = spec;
    if (!isObject(behavior)) return;
    const up = [
      { type: 'Pods', value: 4, periodSeconds: 15 },
      { type: 'Percent', value: 100, periodSeconds: 15 },
    ];
    behavior['scaleUp'] = scalingRules(behavior['scaleUp'], { stabilizationWindowSeconds: 0, policies: up });
    behavior['scaleDown'] = scalingRules(behavior['scaleDown'], {
      policies: [{ type: 'Percent', value: 100, periodSeconds: 15 }],
    });
  },

  prepareCreate(autoscaler) {
    autoscaler['status'] = emptyStatus('autoscaling.v2.HorizontalPodAutoscalerStatus');
  },

  validate(autoscaler) {
    const spec = specOf(autoscaler);
    return [
      ...validateReplicas(spec),
      ...validateTarget(objectAt(spec, 'scaleTargetRef')),
      ...objectsAt(spec, 'metrics').flatMap((metric, index) =>
        validateMetric(metric, `spec.metrics[${index}]`),
      ),
    ];
  },
};

/** What is left out of the rules of one direction comes from Kubernetes' own. */
function scalingRules(given: unknown, defaults: JsonObject): JsonObject {
  return { selectPolicy: 'Max', ...defaults, ...(isObject(given) ? given : {}) };
}

function validateReplicas(spec: JsonObject): readonly FieldError[] {
  const min = numberAt(spec, 'minReplicas') ?? 1;
  const max = numberAt(spec, 'maxReplicas') ?? 0;
  const errors: FieldError[] = [];
  if (min < 1) errors.push(invalid('spec.minReplicas', min, 'must be greater than or equal to 1'));
  if (max < 1) errors.push(invalid('spec.maxReplicas', max, 'must be greater than 0'));
  if (max < min)
    errors.push(invalid('spec.maxReplicas', max, 'must be greater than or equal to `minReplicas`'));
  return errors;
}

function validateTarget(target: Readonly<JsonObject>): readonly FieldError[] {
  return ['kind', 'name'].flatMap((field) => {
    const value = stringAt(target, field) ?? '';
    const path = `spec.scaleTargetRef.${field}`;
    if (value === '') return [required(path)];
    return pathSegment(value).map((complaint) => invalid(path, value, complaint));
  });
}

function validateMetric(metric: JsonObject, path: string): readonly FieldError[] {
  const type = stringAt(metric, 'type') ?? '';
  if (type === '') return [required(`${path}.type`, 'must specify a metric source type')];
  const source = SOURCES[type];
  if (source === undefined) return [notSupported(`${path}.type`, type, Object.keys(SOURCES))];
  return isObject(metric[source])
    ? []
    : [required(`${path}.${source}`, 'must populate information for the given metric source')];
}
