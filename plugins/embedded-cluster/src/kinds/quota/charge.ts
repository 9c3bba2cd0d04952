import { objectAt } from '../../json.ts';
import { compareQuantities, formatQuantity, parseQuantity } from '../../schema/quantity.ts';
import type { ApiObject } from '../../storage/api-object.ts';
import type { Measure } from './measure.ts';
import { sum, type Amounts } from './pod-amounts.ts';
import { isInScopes } from './scopes.ts';

/** A write that takes something of quotas. */
export interface Charged {
  readonly measure: Measure;
  readonly next: ApiObject;
  /** Absent for a new object. */
  readonly current: ApiObject | undefined;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** A quota, and what is used of it once the write is there. */
export interface Raised {
  readonly quota: ApiObject;
  readonly used: Amounts;
}

/**
 * What becomes of the quotas of a namespace by a write. A quota limits what its status says, so one that was never
 * looked at limits nothing yet. Pure.
 * @returns those of which more is used, or why the write must not be
 */
export function charge(quotas: readonly ApiObject[], charged: Charged): readonly Raised[] | string {
  const { measure, next, current, now } = charged;
  if (current !== undefined && measure.changes?.(next, current) !== true) return [];
  const interesting: ApiObject[] = [];
  for (const quota of quotas) {
    const names = Object.keys(hardOf(quota)).filter((name) => measure.limits(name));
    if (names.length === 0 || !isInScopes(quota, measure, next)) continue;
    const lacking = measure.lacks?.(names, next);
    const { name } = quota.metadata;
    if (lacking !== undefined) return `failed quota: ${name}: ${lacking}`;
    const used = usedOf(quota);
    if (names.some((limit) => used[limit] === undefined))
      return `status unknown for quota: ${name}, resources: ${names.sort().join(',')}`;
    interesting.push(quota);
  }
  if (interesting.length === 0) return [];
  const usage = measure.usage(next, now);
  const raised: Raised[] = [];
  for (const quota of interesting) {
    const before =
      current !== undefined && isInScopes(quota, measure, current) ? measure.usage(current, now) : {};
    const hard = hardOf(quota);
    const requested = Object.fromEntries(
      Object.entries(more(usage, before)).filter(([name]) => hard[name] !== undefined),
    );
    if (Object.keys(requested).length === 0) continue;
    const used = usedOf(quota);
    const total = sum(used, requested);
    const exceeded = Object.keys(requested).filter((name) => compareQuantities(total[name], hard[name]) > 0);
    if (exceeded.length > 0) {
      const shown = (amounts: Amounts): string =>
        exceeded
          .sort()
          .flatMap((name) => (amounts[name] === undefined ? [] : [`${name}=${amounts[name]}`]))
          .join(',');
      return `exceeded quota: ${quota.metadata.name}, requested: ${shown(requested)}, used: ${shown(used)}, limited: ${shown(hard)}`;
    }
    raised.push({ quota, used: total });
  }
  return raised;
}

function hardOf(quota: ApiObject): Amounts {
  return objectAt(quota, 'status', 'hard') as Amounts;
}

function usedOf(quota: ApiObject): Amounts {
  return objectAt(quota, 'status', 'used') as Amounts;
}

/** What of `next` goes beyond `before`; nothing of what does not. */
function more(next: Amounts, before: Amounts): Amounts {
  return Object.fromEntries(
    Object.entries(next).flatMap(([name, amount]) => {
      const quantity = parseQuantity(amount);
      const nano = (quantity?.nano ?? 0n) - (parseQuantity(before[name])?.nano ?? 0n);
      return nano <= 0n ? [] : [[name, formatQuantity({ nano, format: quantity?.format ?? 'decimal' })]];
    }),
  );
}
