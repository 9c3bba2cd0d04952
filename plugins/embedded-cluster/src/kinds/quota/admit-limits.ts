import { isObject, objectAt, objectsAt, stringAt, textOf, type JsonObject } from '../../json.ts';
import type { Admission } from '../../registry/resource.ts';
import { compareQuantities, parseQuantity } from '../../schema/quantity.ts';
import { forbiddenRequest } from '../../status.ts';
import type { ApiObject } from '../../storage/api-object.ts';
import { podAmounts, type Amounts } from './pod-amounts.ts';

const ANNOTATION = 'kubernetes.io/limit-ranger';

/** What is asked for and what it may grow to. */
interface Asked {
  readonly requests: Amounts;
  readonly limits: Amounts;
}

/** Fills in what the LimitRanges of its namespace give a new pod, and refuses with 403 what they do not allow. */
export function admitPodLimits(pod: ApiObject, spec: JsonObject, admission: Admission): void {
  const items = limitItems(pod, admission);
  if (items.length === 0) return;
  const containers = [...objectsAt(spec, 'containers'), ...objectsAt(spec, 'initContainers')];
  const isInit = new Set(objectsAt(spec, 'initContainers'));
  const told: string[] = [];
  for (const item of items.filter(({ type }) => type === 'Container')) {
    for (const container of containers)
      told.push(...fill(container, item, isInit.has(container) ? 'init container' : 'container'));
  }
  if (told.length > 0)
    pod.metadata.annotations = {
      ...pod.metadata.annotations,
      [ANNOTATION]: `LimitRanger plugin set: ${told.join('; ')}`,
    };
  const whole = { requests: podAmounts(spec, 'requests'), limits: podAmounts(spec, 'limits') };
  refuse(
    'pods',
    pod,
    items.flatMap((item) => {
      if (item['type'] === 'Pod') return complaints(item, 'Pod', whole);
      if (item['type'] !== 'Container') return [];
      return containers.flatMap((container) => complaints(item, 'Container', askedBy(container)));
    }),
  );
}

/** Refuses with 403 a claim of a size that the LimitRanges of its namespace do not allow. */
export function admitClaimLimits(claim: ApiObject, admission: Admission): void {
  const requests = objectAt(claim, 'spec', 'resources', 'requests') as Amounts;
  const items = limitItems(claim, admission).filter(({ type }) => type === 'PersistentVolumeClaim');
  const found = items.flatMap((item) => [
    ...amountsOf(item, 'min').flatMap(([name, least]) =>
      tooLittle('PersistentVolumeClaim', name, least, requests, {}),
    ),
    ...amountsOf(item, 'max').flatMap(([name, top]) => {
      const request = requests[name];
      const base = `maximum ${name} usage per PersistentVolumeClaim is ${top}`;
      if (request === undefined) return [`${base}.  No request is specified`];
      return compareQuantities(request, top) > 0 ? [`${base}, but request is ${request}`] : [];
    }),
  ]);
  refuse('persistentvolumeclaims', claim, found);
}

function limitItems({ metadata }: ApiObject, admission: Admission): readonly JsonObject[] {
  return admission
    .list('/limitranges')
    .filter((range) => range.metadata.namespace === metadata.namespace)
    .flatMap((range) => objectsAt(range, 'spec', 'limits'));
}

/** @returns what was set, as the annotation tells it */
function fill(container: JsonObject, item: JsonObject, what: string): readonly string[] {
  const resources: JsonObject = isObject(container['resources']) ? container['resources'] : {};
  container['resources'] = resources;
  const set = (
    field: 'requests' | 'limits',
    defaults: Readonly<JsonObject>,
    noun: string,
  ): readonly string[] => {
    const given = objectAt(resources, field);
    const names = Object.keys(defaults).filter((name) => given[name] === undefined);
    if (names.length === 0) return [];
    resources[field] = { ...defaults, ...given };
    return [`${names.sort().join(', ')} ${noun} for ${what} ${stringAt(container, 'name') ?? ''}`];
  };
  return [
    ...set('requests', objectAt(item, 'defaultRequest'), 'request'),
    ...set('limits', objectAt(item, 'default'), 'limit'),
  ];
}

function askedBy(container: JsonObject): Asked {
  return {
    requests: objectAt(container, 'resources', 'requests') as Amounts,
    limits: objectAt(container, 'resources', 'limits') as Amounts,
  };
}

function complaints(item: JsonObject, type: string, { requests, limits }: Asked): readonly string[] {
  return [
    ...amountsOf(item, 'min').flatMap(([name, least]) => tooLittle(type, name, least, requests, limits)),
    ...amountsOf(item, 'max').flatMap(([name, top]) => tooMuch(type, name, top, requests, limits)),
    ...amountsOf(item, 'maxLimitRequestRatio').flatMap(([name, ratio]) =>
      tooFarApart(type, name, ratio, requests, limits),
    ),
  ];
}

function amountsOf(item: JsonObject, field: string): readonly (readonly [string, string])[] {
  return Object.entries(objectAt(item, field)).map(([name, amount]) => [name, textOf(amount)] as const);
}

function tooLittle(
  type: string,
  name: string,
  least: string,
  requests: Amounts,
  limits: Amounts,
): readonly string[] {
  const base = `minimum ${name} usage per ${type} is ${least}`;
  const request = requests[name];
  const limit = limits[name];
  if (request === undefined) return [`${base}.  No request is specified`];
  if (compareQuantities(request, least) < 0) return [`${base}, but request is ${request}`];
  return limit !== undefined && compareQuantities(limit, least) < 0 ? [`${base}, but limit is ${limit}`] : [];
}

function tooMuch(
  type: string,
  name: string,
  top: string,
  requests: Amounts,
  limits: Amounts,
): readonly string[] {
  const base = `maximum ${name} usage per ${type} is ${top}`;
  const request = requests[name];
  const limit = limits[name];
  if (limit === undefined) return [`${base}.  No limit is specified`];
  if (compareQuantities(limit, top) > 0) return [`${base}, but limit is ${limit}`];
  return request !== undefined && compareQuantities(request, top) > 0
    ? [`${base}, but request is ${request}`]
    : [];
}

function tooFarApart(
  type: string,
  name: string,
  ratio: string,
  requests: Amounts,
  limits: Amounts,
): readonly string[] {
  const base = `${name} max limit to request ratio per ${type} is ${ratio}`;
  const number = (value: string | undefined): number => Number(parseQuantity(value)?.nano ?? 0n);
  const request = number(requests[name]);
  const limit = number(limits[name]);
  if (request === 0) return [`${base}, but no request is specified or request is 0`];
  if (limit === 0) return [`${base}, but no limit is specified or limit is 0`];
  const given = limit / request;
  return given > number(ratio) / 1e9 ? [`${base}, but provided ratio is ${given.toFixed(6)}`] : [];
}

function refuse(resource: string, { metadata }: ApiObject, found: readonly string[]): void {
  const [first, ...others] = [...new Set(found)];
  if (first === undefined) return;
  const why = others.length === 0 ? first : `[${[first, ...others].join(', ')}]`;
  throw forbiddenRequest({ group: '', resource }, metadata.name, why);
}
