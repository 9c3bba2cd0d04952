import type { Condition, KubeObject } from '@epinio/core';

type Wanted = Pick<Condition, 'type' | 'status'> & { readonly reason: string; readonly message: string };

/**
 * The conditions with one of them brought up to date; undefined when it is that already. The time of
 * the last transition changes only with the status.
 */
export function withCondition(
  object: KubeObject,
  conditions: readonly Condition[],
  wanted: Wanted,
  now: number,
): readonly Condition[] | undefined {
  const observedGeneration = object.metadata.generation ?? 1;
  const old = conditions.find(({ type }) => type === wanted.type);
  const isSame =
    old !== undefined &&
    old.status === wanted.status &&
    old.reason === wanted.reason &&
    old.message === wanted.message &&
    old.observedGeneration === observedGeneration;
  if (isSame) return undefined;
  const time = `${new Date(now).toISOString().slice(0, 19)}Z`;
  const lastTransitionTime = old?.status === wanted.status ? (old.lastTransitionTime ?? time) : time;
  return [
    ...conditions.filter(({ type }) => type !== wanted.type),
    { ...wanted, observedGeneration, lastTransitionTime },
  ];
}
