import type { Kube, ObjectRef } from '../ports/kube.ts';

/** Deletes all of them, whether or not one fails, and then fails with the first failure. */
export async function removeObjects(
  kube: Pick<Kube, 'delete'>,
  refs: readonly ObjectRef[],
  signal?: AbortSignal,
): Promise<void> {
  const options = signal === undefined ? {} : { signal };
  const results = await Promise.allSettled(refs.map((ref) => kube.delete(ref, options)));
  const failed = results.find((result) => result.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}
