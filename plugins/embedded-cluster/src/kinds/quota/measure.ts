import type { ApiObject } from '../../storage/api-object.ts';
import type { ScopeRequirement } from './scopes.ts';
import type { Amounts } from './pod-amounts.ts';
import { claimMeasure } from './claim-measure.ts';
import { podMeasure } from './pod-measure.ts';
import { serviceMeasure } from './service-measure.ts';

/** What objects of one collection take of a ResourceQuota. */
export interface Measure {
  /** Whether a quota with a limit of this name limits such objects. */
  limits(name: string): boolean;
  /** @param now milliseconds since the epoch */
  usage(object: ApiObject, now: number): Amounts;
  /** Absent: such objects are in no scope. */
  isIn?(scope: ScopeRequirement, object: ApiObject): boolean;
  /** What such an object lacks where these are limited: "must specify …". */
  lacks?(names: readonly string[], object: ApiObject): string | undefined;
  /** Whether an update may change what it takes. Absent: only its creation counts. */
  changes?(next: ApiObject, current: ApiObject): boolean;
}

/** Kinds that were counted before `count/…` came. */
const ALIASES: Readonly<Record<string, string>> = {
  '/configmaps': 'configmaps',
  '/replicationcontrollers': 'replicationcontrollers',
  '/resourcequotas': 'resourcequotas',
  '/secrets': 'secrets',
};
const OWN: Readonly<Record<string, Measure>> = {
  '/persistentvolumeclaims': claimMeasure,
  '/pods': podMeasure,
  '/services': serviceMeasure,
};
const UNLIMITED = new Set(['/events', 'events.k8s.io/events']);

/** How the objects of a collection are measured; undefined for those that no quota limits. */
export function measureOf(collection: string): Measure | undefined {
  if (UNLIMITED.has(collection)) return undefined;
  return OWN[collection] ?? countMeasure(collection);
}

/** The collections that limits of these names may be about. */
export function limitedCollections(names: readonly string[]): readonly string[] {
  const counted = names.flatMap((name) => collectionOf(name) ?? []);
  const known = [...Object.keys(OWN), ...Object.keys(ALIASES)].filter((collection) =>
    names.some((name) => measureOf(collection)?.limits(name)),
  );
  return [...new Set([...counted, ...known])].filter((collection) => !UNLIMITED.has(collection));
}

/** `count/deployments.apps` is about `apps/deployments`. */
function collectionOf(name: string): string | undefined {
  if (!name.startsWith('count/')) return undefined;
  const [plural = '', ...group] = name.slice('count/'.length).split('.');
  return `${group.join('.')}/${plural}`;
}

function countMeasure(collection: string): Measure {
  const [group = '', plural = ''] = collection.split('/');
  const name = `count/${plural}${group === '' ? '' : `.${group}`}`;
  const alias = ALIASES[collection];
  const usage = { [name]: '1', ...(alias === undefined ? {} : { [alias]: '1' }) };
  return { limits: (limit) => limit === name || limit === alias, usage: () => usage };
}
