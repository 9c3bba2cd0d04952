import type { Condition } from '@epinio/core';
import { rfc3339 } from './rfc3339.ts';

export type WantedCondition = Pick<Condition, 'type' | 'status' | 'reason' | 'message'>;

/** The conditions with one of them as wanted; its transition time is that of its last change of status. */
export function withCondition(
  conditions: readonly Condition[],
  wanted: WantedCondition,
  now: number,
): readonly Condition[] {
  const before = conditions.find(({ type }) => type === wanted.type);
  const isSame =
    before?.status === wanted.status && before.reason === wanted.reason && before.message === wanted.message;
  if (isSame) return conditions;
  const time = rfc3339(now);
  const since = before?.status === wanted.status ? before.lastTransitionTime : undefined;
  const condition: Condition = { ...wanted, lastTransitionTime: since ?? time };
  return [...conditions.filter(({ type }) => type !== wanted.type), condition];
}

export function conditionOf(
  conditions: readonly Condition[] | undefined,
  type: string,
): Condition | undefined {
  return conditions?.find((condition) => condition.type === type);
}
