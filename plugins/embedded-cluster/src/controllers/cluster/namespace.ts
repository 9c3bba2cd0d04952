import type { Namespace } from '@epinio/core';
import { withCondition } from '../machinery/conditions.ts';
import {
  defineController,
  follow,
  refTo,
  splitKey,
  type Controller,
  type ControllerContext,
} from '../machinery/controller.ts';
import { builtInKinds, customKind, openDefinitions, type KnownKind } from './known-kinds.ts';

const FINALIZER = 'kubernetes';
const LOOK_AGAIN_MS = 200;

/** Empties namespaces that are deleted before they go. */
export function namespaceController(context: ControllerContext): Controller {
  const { kube, informers, clock } = context;
  const namespaces = informers.open<Namespace>({ apiVersion: 'v1', kind: 'Namespace' });
  const definitions = openDefinitions(informers);
  const builtIn = builtInKinds().filter(({ namespaced }) => namespaced);

  return defineController(context, {
    name: 'namespace-controller',
    informers: [namespaces, definitions],
    subscribe: (queue) => [follow(namespaces, ({ metadata }) => queue.add(`/${metadata.name}`))],

    async sync(key, { queue }) {
      const { name } = splitKey(key);
      const namespace = namespaces.get(undefined, name);
      if (namespace?.metadata.deletionTimestamp === undefined) return;
      const left = await empty(name);
      if (left.size > 0) {
        await tell(namespace, left);
        queue.addAfter(key, LOOK_AGAIN_MS);
        return;
      }
      const finalizers = (namespace.spec?.finalizers ?? []).filter((finalizer) => finalizer !== FINALIZER);
      if (finalizers.length === (namespace.spec?.finalizers ?? []).length) return;
      await kube.patch(
        refTo(namespace),
        { type: 'merge', patch: { spec: { finalizers } } },
        { subresource: 'finalize' },
      );
    },
  });

  /** Deletes what is in the namespace. @returns what is still there, by kind */
  async function empty(namespace: string): Promise<ReadonlyMap<string, number>> {
    const left = new Map<string, number>();
    for (const { apiVersion, kind } of kinds()) {
      const { items } = await kube.list({ apiVersion, kind, namespace });
      for (const { metadata } of items) {
        if (metadata.deletionTimestamp === undefined) {
          await kube.delete(
            { apiVersion, kind, namespace, name: metadata.name },
            { propagation: 'Background' },
          );
        }
      }
      const { items: rest } =
        items.length === 0 ? { items } : await kube.list({ apiVersion, kind, namespace });
      if (rest.length > 0) left.set(kind, rest.length);
    }
    return left;
  }

  /** Pods last: what made them would make new ones. Events are written until the end. */
  function kinds(): readonly KnownKind[] {
    const custom = definitions.list().flatMap((definition) => customKind(definition) ?? []);
    const all = [...builtIn, ...custom.filter(({ namespaced }) => namespaced)];
    const rank = ({ kind }: KnownKind): number => ['Pod', 'Event'].indexOf(kind);
    return all.sort((a, b) => rank(a) - rank(b));
  }

  async function tell(namespace: Namespace, left: ReadonlyMap<string, number>): Promise<void> {
    const message = `Some resources are remaining: ${[...left].map(([kind, count]) => `${kind} has ${count} resource instances`).join(', ')}`;
    const before = namespace.status?.conditions ?? [];
    const conditions = withCondition(
      before,
      { type: 'NamespaceContentRemaining', status: 'True', reason: 'SomeResourcesRemain', message },
      clock.now(),
    );
    if (conditions === before) return;
    const patch = { status: { conditions } };
    await kube.patch(refTo(namespace), { type: 'merge', patch }, { subresource: 'status' });
  }
}
