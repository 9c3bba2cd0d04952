import assert from 'node:assert/strict';
import type { KubeObject } from '../../../kernel/component.ts';
import type { CollectionRef, Kube, ObjectRef, WatchEvent, WatchOptions } from '../../../ports/kube.ts';

const DEADLINE_MS = 15_000;
const GROUP = 'kit.epinio.io';
export const WIDGETS = { apiVersion: `${GROUP}/v1`, kind: 'Widget' } as const;

/** What the parts of the kit share: the implementation under test, and a namespace of their own. */
export class KubeKit {
  readonly namespace: string;
  readonly manager = { fieldManager: 'epinio/kit' };
  #kube: (Kube & AsyncDisposable) | undefined;
  #serial = 0;

  constructor(namespace: string) {
    this.namespace = namespace;
  }

  /** There between `before` and `after` of the suite. */
  get kube(): Kube & AsyncDisposable {
    assert.ok(this.#kube !== undefined, 'the implementation under test could not be opened');
    return this.#kube;
  }

  async start(open: () => Promise<Kube & AsyncDisposable>): Promise<void> {
    this.#kube = await open();
    await this.kube.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: this.namespace } });
  }

  async end(): Promise<void> {
    if (this.#kube === undefined) return;
    await this.kube.delete({ apiVersion: 'v1', kind: 'Namespace', name: this.namespace });
    await this.kube.delete(definitionRef());
    await this.kube[Symbol.asyncDispose]();
  }

  unique(stem: string): string {
    this.#serial += 1;
    return `${stem}-${this.#serial}`;
  }

  configMap(rest: { name?: string; data?: Record<string, string>; metadata?: object } = {}): KubeObject {
    return {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: rest.name ?? this.unique('map'), namespace: this.namespace, ...rest.metadata },
      data: rest.data ?? { key: 'value' },
    };
  }
}

/** Names an object that is there. */
export function refOf({ apiVersion, kind, metadata }: KubeObject): ObjectRef {
  const { namespace, name } = metadata;
  return { apiVersion, kind, name, ...(namespace === undefined ? {} : { namespace }) };
}

/** Reads a watch until it has told `count` changes; `meanwhile` is run after the first. */
export async function collect(
  kube: Kube,
  ref: CollectionRef,
  options: Omit<WatchOptions, 'signal'>,
  count: number,
  meanwhile?: () => Promise<void>,
): Promise<WatchEvent<KubeObject>[]> {
  const events: WatchEvent<KubeObject>[] = [];
  const done = new AbortController();
  const deadline = setTimeout(() => done.abort(), DEADLINE_MS);
  try {
    for await (const event of kube.watch(ref, { ...options, signal: done.signal })) {
      if (event.type === 'BOOKMARK') continue;
      events.push(event);
      if (events.length === 1) await meanwhile?.();
      // Leaves by the signal, not by `break`, so that it shows that an aborted watch ends.
      if (events.length === count) done.abort();
    }
  } finally {
    clearTimeout(deadline);
  }
  assert.equal(
    events.length,
    count,
    `the watch told ${events.length} of ${count} changes within ${DEADLINE_MS} ms`,
  );
  return events;
}

/** Waits until there is no such object. */
export async function gone(kube: Kube, ref: ObjectRef): Promise<void> {
  await eventually(`${ref.kind} "${ref.name}" to be gone`, async () => (await kube.get(ref)) === undefined);
}

/** Asks again and again until it is so; fails, naming `what`, after the deadline. */
export async function eventually(what: string, check: () => Promise<boolean>): Promise<void> {
  const end = Date.now() + DEADLINE_MS;
  while (!(await check())) {
    if (Date.now() > end) assert.fail(`waited ${DEADLINE_MS} ms for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

function definitionRef(): ObjectRef {
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    name: `widgets.${GROUP}`,
  };
}

/** Makes the kind Widget, with a status subresource, known to the server. Idempotent. */
export async function installDefinition(kube: Kube): Promise<void> {
  const { name, ...kind } = definitionRef();
  const schema = { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } };
  const versions = [{ name: 'v1', served: true, storage: true, subresources: { status: {} }, schema }];
  const names = { plural: 'widgets', singular: 'widget', kind: 'Widget', listKind: 'WidgetList' };
  const definition: KubeObject = {
    ...kind,
    metadata: { name },
    spec: { group: GROUP, scope: 'Namespaced', names, versions },
  };
  await kube.apply(definition, { fieldManager: 'epinio/kit' });
  await eventually('the kind Widget to be established', async () => {
    const status = (await kube.get(definitionRef()))?.['status'] as
      { readonly conditions?: readonly { readonly type: string; readonly status: string }[] } | undefined;
    return status?.conditions?.some((c) => c.type === 'Established' && c.status === 'True') === true;
  });
}
