import { objectAt } from '../../json.ts';
import type { ApiObject } from '../../storage/api-object.ts';
import { limitedCollections, measureOf } from './measure.ts';
import { sum, type Amounts } from './pod-amounts.ts';
import { isInScopes } from './scopes.ts';

/**
 * The status that a quota should have: its limits, and what the objects of its namespace use of them. Limits of what
 * this cluster has no objects of are not used at all. Pure.
 * @param list the objects of a collection in the quota's namespace
 * @param isKnown whether the cluster has such a collection
 */
export function recount(
  quota: ApiObject,
  list: (collection: string) => readonly ApiObject[],
  isKnown: (collection: string) => boolean,
  now: number,
): { readonly hard: Amounts; readonly used: Amounts } {
  const hard = objectAt(quota, 'spec', 'hard') as Amounts;
  const names = Object.keys(hard);
  const used: Record<string, string> = {};
  for (const collection of limitedCollections(names).filter(isKnown)) {
    const measure = measureOf(collection);
    if (measure === undefined) continue;
    const limited = names.filter((name) => measure.limits(name));
    const total = list(collection)
      .filter((object) => isInScopes(quota, measure, object))
      .map((object) => measure.usage(object, now))
      .reduce(sum, {});
    for (const name of limited) used[name] = total[name] ?? '0';
  }
  return { hard, used };
}
