import type { DeleteOptions, Kube, ObjectRef, Pod } from '@epinio/core';
import type { FakeKube } from '@epinio/core/testkit';

const FINALIZER = 'test.epinio.io/graceful';
const DEFAULT_GRACE_SECONDS = 30;

/** A FakeKube whose pods are deleted as by a real API: marked first, and gone when their node says so. */
export function gracefulKube(fake: FakeKube): Kube {
  async function deletePod(ref: ObjectRef, options: DeleteOptions): Promise<boolean> {
    const pod = await fake.get<Pod>(ref);
    if (pod === undefined) return false;
    const { finalizers = [], deletionTimestamp } = pod.metadata;
    if (options.gracePeriodSeconds === 0 || pod.spec.nodeName === undefined) {
      const left = finalizers.filter((each) => each !== FINALIZER);
      if (deletionTimestamp === undefined) return await fake.delete(ref, options);
      await fake.patch(ref, { type: 'merge', patch: { metadata: { finalizers: left } } });
      return true;
    }
    if (deletionTimestamp !== undefined) return true;
    const grace =
      options.gracePeriodSeconds ?? pod.spec.terminationGracePeriodSeconds ?? DEFAULT_GRACE_SECONDS;
    fake.seed({
      ...pod,
      metadata: {
        ...pod.metadata,
        finalizers: [...finalizers, FINALIZER],
        deletionTimestamp: new Date(Date.now() + grace * 1000).toISOString(),
        deletionGracePeriodSeconds: grace,
      },
    });
    return true;
  }
  return {
    get: (ref, signal) => fake.get(ref, signal),
    list: (ref, options) => fake.list(ref, options),
    create: (object, signal) => fake.create(object, signal),
    apply: (object, options) => fake.apply(object, options),
    patch: (ref, body, options) => fake.patch(ref, body, options),
    watch: (ref, options) => fake.watch(ref, options),
    logs: (pod, options) => fake.logs(pod, options),
    delete: (ref, options = {}) => (ref.kind === 'Pod' ? deletePod(ref, options) : fake.delete(ref, options)),
  };
}
