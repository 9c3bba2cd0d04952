import { at, numberAt, objectAt, objectsAt, stringAt, textOf, type JsonObject } from '../../json.ts';
import type { ApiObject } from '../../storage/api-object.ts';
import { age } from './age.ts';

function ageOf({ metadata }: ApiObject, now: number): string {
  return age(metadata.creationTimestamp, now);
}

/** Min Available, Max Unavailable, Allowed Disruptions, Age. */
export function podDisruptionBudgetCells(budget: ApiObject, now: number): readonly unknown[] {
  const shown = (name: string): string => textOf(at(budget, 'spec', name)) || 'N/A';
  return [
    shown('minAvailable'),
    shown('maxUnavailable'),
    numberAt(budget, 'status', 'disruptionsAllowed') ?? 0,
    ageOf(budget, now),
  ];
}

/** Value, Global-Default, Age, PreemptionPolicy. */
export function priorityClassCells(priorityClass: ApiObject, now: number): readonly unknown[] {
  return [
    numberAt(priorityClass, 'value') ?? 0,
    priorityClass['globalDefault'] === true,
    ageOf(priorityClass, now),
    stringAt(priorityClass, 'preemptionPolicy') ?? '',
  ];
}

/** Request, Limit, Age. */
export function resourceQuotaCells(quota: ApiObject, now: number): readonly unknown[] {
  const hard = objectAt(quota, 'status', 'hard');
  const used = objectAt(quota, 'status', 'used');
  const shown = (limits: boolean): string =>
    Object.keys(hard)
      .filter((name) => name.startsWith('limits.') === limits)
      .sort()
      .map((name) => `${name}: ${textOf(used[name]) || '0'}/${textOf(hard[name])}`)
      .join(', ');
  return [shown(false), shown(true), ageOf(quota, now)];
}

/** Webhooks, Age. */
export function webhookCells(configuration: ApiObject, now: number): readonly unknown[] {
  return [objectsAt(configuration, 'webhooks').length, ageOf(configuration, now)];
}

/** Service, Available, Age. */
export function apiServiceCells(apiService: ApiObject, now: number): readonly unknown[] {
  const service = at(apiService, 'spec', 'service');
  const available = objectsAt(apiService, 'status', 'conditions').find(({ type }) => type === 'Available');
  const status = stringAt(available, 'status') ?? 'Unknown';
  const reason = stringAt(available, 'reason') ?? '';
  return [
    service === undefined
      ? 'Local'
      : `${stringAt(service, 'namespace') ?? ''}/${stringAt(service, 'name') ?? ''}`,
    status === 'True' || reason === '' ? status : `${status} (${reason})`,
    ageOf(apiService, now),
  ];
}

/** Reference, Targets, MinPods, MaxPods, Replicas, Age. */
export function autoscalerCells(autoscaler: ApiObject, now: number): readonly unknown[] {
  const target = objectAt(autoscaler, 'spec', 'scaleTargetRef');
  return [
    `${stringAt(target, 'kind') ?? ''}/${stringAt(target, 'name') ?? ''}`,
    metricsText(objectsAt(autoscaler, 'spec', 'metrics'), objectsAt(autoscaler, 'status', 'currentMetrics')),
    textOf(at(autoscaler, 'spec', 'minReplicas')) || '<unset>',
    numberAt(autoscaler, 'spec', 'maxReplicas') ?? 0,
    numberAt(autoscaler, 'status', 'currentReplicas') ?? 0,
    ageOf(autoscaler, now),
  ];
}

function metricsText(metrics: readonly JsonObject[], current: readonly JsonObject[]): string {
  if (metrics.length === 0) return '<none>';
  const list = metrics.map((metric, index) => metricText(metric, current[index])).slice(0, 2);
  const more = metrics.length > 2 ? ` + ${metrics.length - 2} more...` : '';
  return `${list.join(', ')}${more}`;
}

const SOURCES: Readonly<Record<string, string>> = {
  ContainerResource: 'containerResource',
  External: 'external',
  Object: 'object',
  Pods: 'pods',
  Resource: 'resource',
};

function metricText(metric: JsonObject, current: JsonObject | undefined): string {
  const type = stringAt(metric, 'type') ?? '';
  const field = SOURCES[type];
  if (field === undefined) return '<unknown type>';
  const target = objectAt(metric, field, 'target');
  const now = objectAt(current, field, 'current');
  const average = target['averageValue'];
  const name = field.endsWith('esource') ? `${stringAt(metric, field, 'name') ?? ''}: ` : '';
  if (average !== undefined) {
    const suffix = field === 'external' || field === 'object' ? ' (avg)' : '';
    return `${name}${textOf(now['averageValue']) || '<unknown>'}/${textOf(average)}${suffix}`;
  }
  if (name === '') return `${textOf(now['value']) || '<unknown>'}/${textOf(target['value'])}`;
  const percent = (value: unknown, none: string): string =>
    value === undefined ? none : `${textOf(value)}%`;
  return `${name}${percent(now['averageUtilization'], '<unknown>')}/${percent(target['averageUtilization'], '<auto>')}`;
}
