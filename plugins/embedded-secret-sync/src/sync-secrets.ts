import { once } from 'node:events';
import {
  eventFor,
  hasCode,
  messageOf,
  startWorkQueue,
  type Kube,
  type Namespace,
  type RunHost,
  type Secret,
} from '@epinio/core';
import { copyFor, correction, keyOf, originOf, SYNC, targetsOf } from './copy.ts';
import type { SecretSyncNeeds } from './embedded-secret-sync.ts';

const ID = 'embedded-secret-sync';
const SECRETS = { apiVersion: 'v1', kind: 'Secret' };

/**
 * Keeps every copy what its source is, until the signal is aborted. It works from the state of Secrets and
 * Namespaces alone, so changes that happened while nobody looked are made good at the start: copies
 * whose source is gone, or whose namespace is no longer chosen, are removed. A Secret that is not a copy of
 * the source is never touched; an Event on the source says so.
 */
export async function syncSecrets(
  { kube, informers, log, clock }: SecretSyncNeeds,
  host: RunHost,
): Promise<void> {
  const { signal } = host;
  const secrets = informers.open<Secret>(SECRETS);
  const namespaces = informers.open<Namespace>({ apiVersion: 'v1', kind: 'Namespace' });
  await Promise.all([secrets.synced(signal), namespaces.synced(signal)]);

  const queue = startWorkQueue({
    name: 'copies of Secrets',
    log,
    clock,
    signal,
    reconcile: async (key) => {
      const [home = '', name = ''] = key.split('/');
      const source = secrets.get(home, name);
      const copies = secrets.list().filter((secret) => originOf(secret) === key);
      const targets = await chosen(source);
      const failures: unknown[] = [];
      for (const copy of copies) {
        if (targets.has(copy.metadata.namespace ?? '')) continue;
        await removeCopy(kube, copy, signal).catch((error: unknown) => failures.push(error));
      }
      for (const namespace of source === undefined ? [] : targets) {
        await placeCopy(source, namespace).catch((error: unknown) => failures.push(error));
      }
      // The others have been served; the queue tries this source again.
      if (failures.length > 0) throw failures[0];
      return undefined;
    },
  });

  async function chosen(source: Secret | undefined): Promise<ReadonlySet<string>> {
    try {
      const isTarget = targetsOf(source);
      return new Set(
        isTarget === undefined
          ? []
          : namespaces
              .list()
              .filter(isTarget)
              .map(({ metadata }) => metadata.name),
      );
    } catch (error) {
      // Copies stay as they are while nobody knows where they should be.
      if (source !== undefined)
        await warn(source, 'SyncSelectorInvalid', `Annotation ${SYNC} cannot be read: ${messageOf(error)}`);
      return new Set(
        secrets
          .list()
          .flatMap((secret) =>
            source && originOf(secret) === keyOf(source.metadata.namespace, source.metadata.name)
              ? [secret.metadata.namespace ?? '']
              : [],
          ),
      );
    }
  }

  async function placeCopy(source: Secret | undefined, namespace: string): Promise<void> {
    if (source === undefined) return;
    const wanted = copyFor(source, namespace);
    const { name } = wanted.metadata;
    const existing = secrets.get(namespace, name);
    if (existing === undefined) {
      await kube.create(wanted, signal).catch((error: unknown) => {
        // Somebody was faster: its event brings us here again. A namespace that has just gone needs no copy.
        if (!hasCode(error, 'KUBE_ALREADY_EXISTS') && !isNamespaceGone(error)) throw error;
      });
    } else if (originOf(existing) !== keyOf(source.metadata.namespace, source.metadata.name)) {
      const owner = originOf(existing);
      const whose = owner === undefined ? 'was not made by secret sync' : `is a copy of Secret "${owner}"`;
      await warn(source, 'SyncConflict', `Secret "${namespace}/${name}" ${whose} and is left as it is`);
    } else if (existing.type !== wanted.type || existing.immutable === true) {
      // Neither can be changed in place.
      if (existing.type === wanted.type && correction(existing, wanted) === undefined) return;
      await removeCopy(kube, existing, signal);
      await kube.create(wanted, signal);
    } else {
      const patch = correction(existing, wanted);
      if (patch !== undefined) {
        const ref = { ...SECRETS, namespace, name };
        await kube.patch(ref, { type: 'merge', patch }, { fieldManager: `epinio/${ID}`, signal });
      }
    }
  }

  async function warn(source: Secret, reason: string, message: string): Promise<void> {
    log.warn(message, { secret: keyOf(source.metadata.namespace, source.metadata.name) });
    const event = eventFor(source, { type: 'Warning', reason, message, component: ID, at: clock.now() });
    await kube.apply(event, { fieldManager: `epinio/${ID}`, signal });
  }

  const stops = [
    secrets.subscribe(({ object }) => {
      queue.add(originOf(object) ?? keyOf(object.metadata.namespace, object.metadata.name));
      // A stranger in a copy's place may have gone: its source gets its turn.
      for (const source of sourcesNamed(object.metadata.name)) queue.add(source);
    }),
    namespaces.subscribe(() => allSources().forEach((source) => queue.add(source))),
  ];
  const isSource = ({ metadata }: Secret): boolean => metadata.annotations?.[SYNC] !== undefined;
  const allSources = (): string[] =>
    secrets
      .list()
      .filter(isSource)
      .map(({ metadata }) => keyOf(metadata.namespace, metadata.name));
  const sourcesNamed = (name: string): string[] =>
    secrets
      .list()
      .filter((secret) => secret.metadata.name === name && isSource(secret))
      .map(({ metadata }) => keyOf(metadata.namespace, metadata.name));
  for (const secret of secrets.list()) {
    const key =
      originOf(secret) ??
      (isSource(secret) ? keyOf(secret.metadata.namespace, secret.metadata.name) : undefined);
    if (key !== undefined) queue.add(key);
  }
  host.ready();
  if (!signal.aborted) await once(signal, 'abort');
  for (const stop of stops) stop();
  await queue.done;
}

async function removeCopy(kube: Kube, { metadata }: Secret, signal: AbortSignal): Promise<void> {
  const { name, namespace = '', uid } = metadata;
  await kube.delete({ ...SECRETS, namespace, name }, { ...(uid === undefined ? {} : { uid }), signal });
}

function isNamespaceGone(error: unknown): boolean {
  return (
    hasCode(error, 'KUBE_NOT_FOUND') ||
    (hasCode(error, 'KUBE_FORBIDDEN') && /being terminated/.test(messageOf(error)))
  );
}
