import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import type { KubeObject } from '../../kernel/component.ts';
import type { CollectionRef, Kube, ObjectRef, WatchEvent, WatchOptions } from '../../ports/kube.ts';

const DEADLINE_MS = 15_000;
const GROUP = 'kit.epinio.io';
const WIDGETS = { apiVersion: `${GROUP}/v1`, kind: 'Widget' } as const;

/**
 * What every `Kube` has to do, whatever API server is behind it. It works in namespaces and with a kind of
 * its own, which it removes again.
 * @param open gives the implementation under test; it is disposed at the end.
 */
export function testKube(name: string, open: () => Promise<Kube & AsyncDisposable>): void {
  describe(`kube port: ${name}`, () => {
    const namespace = `kit-${randomBytes(4).toString('hex')}`;
    let kube: Kube & AsyncDisposable;
    let serial = 0;

    const unique = (stem: string): string => `${stem}-${++serial}`;
    const configMap = (
      rest: { name?: string; data?: Record<string, string>; metadata?: object } = {},
    ): KubeObject => ({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: rest.name ?? unique('map'), namespace, ...rest.metadata },
      data: rest.data ?? { key: 'value' },
    });
    const manager = { fieldManager: 'epinio/kit' };

    before(async () => {
      kube = await open();
      await kube.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
    });

    after(async () => {
      await kube.delete({ apiVersion: 'v1', kind: 'Namespace', name: namespace });
      await kube.delete(definitionRef());
      await kube[Symbol.asyncDispose]();
    });

    describe('get, list and create', () => {
      it('answers undefined for what is not there, object or kind', async () => {
        assert.equal(
          await kube.get({ apiVersion: 'v1', kind: 'ConfigMap', namespace, name: 'none' }),
          undefined,
        );
        assert.equal(
          await kube.get({ apiVersion: 'none.epinio.io/v1', kind: 'None', namespace, name: 'x' }),
          undefined,
        );
        assert.equal(
          await kube.get({ apiVersion: 'v1', kind: 'NoSuchKind', namespace, name: 'x' }),
          undefined,
        );
        assert.deepEqual((await kube.list({ apiVersion: 'none.epinio.io/v1', kind: 'None' })).items, []);
      });

      it("creates an object with the server's fields, and reads it back", async () => {
        const wanted = configMap({ data: { text: 'Grüße, 世界 \u{1F680}\n' } });
        const created = await kube.create(wanted);
        assert.match(created.metadata.uid ?? '', /^[0-9a-f-]{36}$/);
        assert.match(created.metadata.resourceVersion ?? '', /^\d+$/);
        assert.match(created.metadata.creationTimestamp ?? '', /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
        const read = await kube.get(refOf(wanted));
        assert.deepEqual(read?.['data'], wanted['data']);
        assert.deepEqual([read?.apiVersion, read?.kind], ['v1', 'ConfigMap']);
        assert.equal(read?.metadata.resourceVersion, created.metadata.resourceVersion);
      });

      it('refuses a name that is taken, a bad one, and a namespace that is not there', async () => {
        const taken = await kube.create(configMap());
        await assert.rejects(kube.create(configMap({ name: taken.metadata.name })), {
          code: 'KUBE_ALREADY_EXISTS',
          message: new RegExp(`"${taken.metadata.name}" already exists`),
        });
        await assert.rejects(kube.create(configMap({ data: { 'not/a/key': '' } })), {
          code: 'KUBE_INVALID',
          message: /not\/a\/key/,
        });
        await assert.rejects(kube.create(configMap({ name: 'Not_A_Name' })), {
          code: 'KUBE_INVALID',
          message: /Not_A_Name/,
        });
        const elsewhere = configMap({ metadata: { namespace: 'kit-none' } });
        await assert.rejects(kube.create(elsewhere), { code: 'KUBE_NOT_FOUND', message: /kit-none/ });
      });

      it('makes names from generateName', async () => {
        const make = (): Promise<KubeObject> =>
          kube.create(configMap({ metadata: { name: '', generateName: 'made-' } }));
        const [one, two] = [await make(), await make()];
        assert.match(one.metadata.name, /^made-\w{5,}$/);
        assert.notEqual(one.metadata.name, two.metadata.name);
      });

      it('keeps the plain text of a Secret as base64', async () => {
        const secret = {
          apiVersion: 'v1',
          kind: 'Secret',
          metadata: { name: unique('secret'), namespace },
          stringData: { a: 'b' },
        };
        const created: KubeObject = await kube.create(secret);
        assert.deepEqual(created['data'], { a: 'Yg==' });
        assert.equal(created['stringData'], undefined);
      });

      it('lists by namespace, everywhere, by labels and by name', async () => {
        const run = unique('run');
        const make = (labels: Record<string, string>): Promise<KubeObject> =>
          kube.create(configMap({ metadata: { labels: { run, ...labels } } }));
        const [a, b, c] = [await make({ tier: 'a' }), await make({ tier: 'b' }), await make({})];
        const names = async (
          options: { labelSelector?: string; fieldSelector?: string },
          where?: string,
        ): Promise<string[]> => {
          const ref = {
            apiVersion: 'v1',
            kind: 'ConfigMap',
            ...(where === undefined ? {} : { namespace: where }),
          };
          const { items, resourceVersion } = await kube.list(ref, options);
          assert.match(resourceVersion, /^\d+$/);
          for (const item of items) assert.deepEqual([item.apiVersion, item.kind], ['v1', 'ConfigMap']);
          return items.map((item) => item.metadata.name).sort();
        };
        const named = (...objects: KubeObject[]): string[] =>
          objects.map(({ metadata }) => metadata.name).sort();
        assert.deepEqual(await names({ labelSelector: `run=${run}` }, namespace), named(a, b, c));
        assert.deepEqual(await names({ labelSelector: `run=${run}` }), named(a, b, c));
        assert.deepEqual(await names({ labelSelector: `run=${run}` }, 'kube-system'), []);
        assert.deepEqual(await names({ labelSelector: `run=${run},tier in (a,x)` }, namespace), named(a));
        assert.deepEqual(await names({ labelSelector: `run=${run},tier` }, namespace), named(a, b));
        assert.deepEqual(await names({ labelSelector: `run=${run},!tier` }, namespace), named(c));
        assert.deepEqual(await names({ labelSelector: `run=${run},tier!=a` }, namespace), named(b, c));
        assert.deepEqual(
          await names({ fieldSelector: `metadata.name=${b.metadata.name}` }, namespace),
          named(b),
        );
      });
    });

    describe('apply', () => {
      it('creates, and changes nothing when it says the same again', async () => {
        const wanted = configMap({ metadata: { labels: { a: 'b' } } });
        const first = await kube.apply(wanted, manager);
        const second = await kube.apply(wanted, manager);
        assert.equal(second.metadata.resourceVersion, first.metadata.resourceVersion);
        assert.deepEqual(second['data'], { key: 'value' });
      });

      it('removes what its manager no longer declares, and leaves what others own', async () => {
        const { metadata } = await kube.apply(configMap({ data: { mine: '1', dropped: '2' } }), manager);
        await kube.apply(configMap({ name: metadata.name, data: { theirs: '3' } }), {
          fieldManager: 'somebody-else',
        });
        await kube.patch(refOf(configMap({ name: metadata.name })), {
          type: 'merge',
          patch: { data: { patched: '4' } },
        });
        const last = await kube.apply(configMap({ name: metadata.name, data: { mine: '1' } }), manager);
        assert.deepEqual(last['data'], { mine: '1', theirs: '3', patched: '4' });
      });

      it('takes fields over by force, and reports a conflict without', async () => {
        const { metadata } = await kube.apply(configMap({ data: { key: 'mine' } }), manager);
        const theirs = configMap({ name: metadata.name, data: { key: 'theirs' } });
        const other = { fieldManager: 'somebody-else' };
        await assert.rejects(kube.apply(theirs, { ...other, force: false }), {
          code: 'KUBE_CONFLICT',
          message: /epinio\/kit/,
        });
        assert.deepEqual((await kube.apply(theirs, other))['data'], { key: 'theirs' });
      });

      it('merges lists by the key that their items have', async () => {
        const deployment = (image: string, env: readonly { name: string; value: string }[]): KubeObject => ({
          apiVersion: 'apps/v1',
          kind: 'Deployment',
          metadata: { name: 'keyed', namespace },
          spec: {
            replicas: 0,
            selector: { matchLabels: { app: 'keyed' } },
            template: {
              metadata: { labels: { app: 'keyed' } },
              spec: { containers: [{ name: 'main', image, env }] },
            },
          },
        });
        const containers = (object: KubeObject): Record<string, unknown>[] =>
          (object['spec'] as { template: { spec: { containers: Record<string, unknown>[] } } }).template.spec
            .containers;
        await kube.apply(
          deployment('one', [
            { name: 'A', value: '1' },
            { name: 'B', value: '2' },
          ]),
          manager,
        );
        const sidecar = { spec: { template: { spec: { containers: [{ name: 'side', image: 'car' }] } } } };
        await kube.patch(
          { apiVersion: 'apps/v1', kind: 'Deployment', namespace, name: 'keyed' },
          { type: 'strategic', patch: sidecar },
        );
        const last = await kube.apply(deployment('two', [{ name: 'B', value: '3' }]), manager);
        const main = containers(last).find(({ name: container }) => container === 'main');
        assert.equal(containers(last).length, 2);
        assert.equal(main?.['image'], 'two');
        assert.deepEqual(main['env'], [{ name: 'B', value: '3' }]);
      });

      it('leaves nothing behind after a dry run', async () => {
        const wanted = configMap();
        const shown = await kube.apply(wanted, { ...manager, dryRun: true });
        assert.deepEqual(shown['data'], { key: 'value' });
        assert.equal(await kube.get(refOf(wanted)), undefined);
      });
    });

    describe('patch', () => {
      it('merges, and null removes', async () => {
        const ref = refOf(await kube.create(configMap({ data: { a: '1', b: '2' } })));
        const result = await kube.patch(ref, { type: 'merge', patch: { data: { a: null, c: '3' } } });
        assert.deepEqual(result['data'], { b: '2', c: '3' });
        assert.deepEqual((await kube.get(ref))?.['data'], { b: '2', c: '3' });
      });

      it('carries out JSON Patch operations, all or none', async () => {
        const metadata = { annotations: { 'kit.epinio.io/a': '1' } };
        const ref = refOf(await kube.create(configMap({ data: { a: '1' }, metadata })));
        const test = { op: 'test', path: '/data/a', value: '1' };
        const replace = { op: 'replace', path: '/metadata/annotations/kit.epinio.io~1a', value: '2' };
        const result = await kube.patch(ref, { type: 'json', patch: [test, replace] });
        assert.deepEqual(result.metadata.annotations, { 'kit.epinio.io/a': '2' });
        const remove = [
          { op: 'remove', path: '/data/a' },
          { op: 'remove', path: '/data/none' },
        ];
        await assert.rejects(kube.patch(ref, { type: 'json', patch: remove }), { code: 'KUBE_INVALID' });
        assert.deepEqual((await kube.get(ref))?.['data'], { a: '1' });
      });

      it('fails with KUBE_NOT_FOUND when there is no such object', async () => {
        const ref = refOf(configMap());
        const patch = kube.patch(ref, { type: 'merge', patch: { data: {} } });
        await assert.rejects(patch, {
          code: 'KUBE_NOT_FOUND',
          message: new RegExp(`"${ref.name}" not found`),
        });
      });

      it('is conditional on a resource version, so that of many writers one wins', async () => {
        const { metadata } = await kube.create(configMap({ data: { winner: '' } }));
        const ref = refOf(configMap({ name: metadata.name }));
        const attempts = Array.from({ length: 8 }, (_, index) =>
          kube.patch(ref, {
            type: 'merge',
            patch: {
              metadata: { resourceVersion: metadata.resourceVersion },
              data: { winner: String(index) },
            },
          }),
        );
        const outcomes = await Promise.allSettled(attempts);
        const lost = outcomes.filter((outcome) => outcome.status === 'rejected');
        assert.equal(lost.length, 7);
        for (const { reason } of lost) assert.equal((reason as { code: string }).code, 'KUBE_CONFLICT');
      });

      it('writes status by its subresource only, and counts changes of the rest as generations', async () => {
        await installDefinition(kube);
        const ref = { ...WIDGETS, namespace, name: unique('widget') };
        const widget: KubeObject = {
          ...WIDGETS,
          metadata: { name: ref.name, namespace },
          spec: { size: 1 },
          status: { phase: 'Made' },
        };
        const created = await kube.create(widget);
        assert.equal(created['status'], undefined);
        assert.equal(created.metadata.generation, 1);
        const body = { type: 'merge', patch: { spec: { size: 2 }, status: { phase: 'Ready' } } } as const;
        const status = await kube.patch(ref, body, { subresource: 'status' });
        assert.deepEqual(
          [status['spec'], status['status'], status.metadata.generation],
          [{ size: 1 }, { phase: 'Ready' }, 1],
        );
        const spec = await kube.patch(ref, {
          type: 'merge',
          patch: { spec: { size: 3 }, status: { phase: 'Lost' } },
        });
        assert.deepEqual(
          [spec['spec'], spec['status'], spec.metadata.generation],
          [{ size: 3 }, { phase: 'Ready' }, 2],
        );
      });
    });

    describe('delete', () => {
      it('says whether there was anything to delete', async () => {
        const ref = refOf(await kube.create(configMap()));
        assert.equal(await kube.delete(ref), true);
        await gone(kube, ref);
        assert.equal(await kube.delete(ref), false);
        assert.equal(
          await kube.delete({ apiVersion: 'none.epinio.io/v1', kind: 'None', namespace, name: 'x' }),
          false,
        );
      });

      it('refuses when it is another object or another version than the one known', async () => {
        const { metadata } = await kube.create(configMap());
        const ref = refOf(configMap({ name: metadata.name }));
        await assert.rejects(kube.delete(ref, { uid: '00000000-0000-0000-0000-000000000000' }), {
          code: 'KUBE_CONFLICT',
        });
        await kube.patch(ref, { type: 'merge', patch: { data: { key: 'new' } } });
        const old = metadata.resourceVersion ?? '';
        await assert.rejects(kube.delete(ref, { resourceVersion: old }), { code: 'KUBE_CONFLICT' });
        assert.equal(await kube.delete(ref, { uid: metadata.uid ?? '' }), true);
      });

      it('waits for finalizers', async () => {
        const ref = refOf(await kube.create(configMap({ metadata: { finalizers: ['epinio.io/kit'] } })));
        assert.equal(await kube.delete(ref), true);
        assert.match((await kube.get(ref))?.metadata.deletionTimestamp ?? '', /^\d{4}-/);
        await kube.patch(ref, { type: 'merge', patch: { metadata: { finalizers: null } } });
        await gone(kube, ref);
      });

      it('takes owned objects with it, or leaves them as orphans', async () => {
        const family = async (): Promise<{ owner: ObjectRef; owned: ObjectRef }> => {
          const { metadata } = await kube.create(configMap());
          const owner = { apiVersion: 'v1', kind: 'ConfigMap', name: metadata.name, uid: metadata.uid ?? '' };
          const owned = await kube.create(configMap({ metadata: { ownerReferences: [owner] } }));
          return { owner: refOf(configMap({ name: metadata.name })), owned: refOf(owned) };
        };
        const [first, second] = [await family(), await family()];
        await kube.delete(first.owner);
        await gone(kube, first.owned);
        await kube.delete(second.owner, { propagation: 'Orphan' });
        await gone(kube, second.owner);
        const orphan = await kube.get(second.owned);
        assert.deepEqual(orphan?.metadata.ownerReferences ?? [], []);
        assert.notEqual(orphan, undefined);
      });

      it('empties a namespace before it goes', async () => {
        const name = `${namespace}-gone`;
        const ref = { apiVersion: 'v1', kind: 'Namespace', name };
        await kube.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
        const held = await kube.create(
          configMap({ metadata: { namespace: name, finalizers: ['epinio.io/kit'] } }),
        );
        await kube.create(configMap({ metadata: { namespace: name } }));
        await kube.delete(ref);
        await eventually(`only "${held.metadata.name}" to be left`, async () => {
          const { items } = await kube.list({ apiVersion: 'v1', kind: 'ConfigMap', namespace: name });
          return items.every(({ metadata }) => metadata.name === held.metadata.name);
        });
        assert.notEqual((await kube.get(ref))?.metadata.deletionTimestamp, undefined);
        const late = kube.create(configMap({ metadata: { namespace: name } }));
        await assert.rejects(late, { code: 'KUBE_FORBIDDEN', message: /terminat/ });
        await kube.patch(refOf(held), { type: 'merge', patch: { metadata: { finalizers: null } } });
        await gone(kube, ref);
      });
    });

    describe('watch', () => {
      const maps: CollectionRef = { apiVersion: 'v1', kind: 'ConfigMap', namespace };
      const summary = ({ type, object }: WatchEvent<KubeObject>): string =>
        `${type} ${object.metadata.name} ${(object['data'] as Record<string, string> | undefined)?.['key'] ?? ''}`;

      it('tells every change after a version, in order, and ends with its signal', async () => {
        const { resourceVersion } = await kube.list(maps);
        const name = unique('watched');
        const ref = refOf(await kube.create(configMap({ name, data: { key: '1' } })));
        await kube.patch(ref, { type: 'merge', patch: { data: { key: '2' } } });
        await kube.delete(ref);
        const events = await collect(
          kube,
          maps,
          { resourceVersion, fieldSelector: `metadata.name=${name}` },
          3,
        );
        assert.deepEqual(events.map(summary), [`ADDED ${name} 1`, `MODIFIED ${name} 2`, `DELETED ${name} 2`]);
        const versions = events.map(({ object }) => Number(object.metadata.resourceVersion));
        assert.deepEqual(
          versions,
          versions.toSorted((a, b) => a - b),
        );
        for (const { object } of events)
          assert.deepEqual([object.apiVersion, object.kind], ['v1', 'ConfigMap']);
      });

      it('begins with what is there when no version is given, then goes on', async () => {
        const labels = { run: unique('run') };
        const present = await kube.create(configMap({ data: { key: 'old' }, metadata: { labels } }));
        const added = unique('added');
        const events = await collect(kube, maps, { labelSelector: `run=${labels.run}` }, 2, async () => {
          await kube.create(configMap({ name: added, data: { key: 'new' }, metadata: { labels } }));
        });
        assert.deepEqual(events.map(summary), [`ADDED ${present.metadata.name} old`, `ADDED ${added} new`]);
      });

      it('reports objects that begin and cease to match as coming and going', async () => {
        const { resourceVersion } = await kube.list(maps);
        const run = unique('run');
        const ref = refOf(await kube.create(configMap({ data: { key: '0' } })));
        const label = async (value: string | null, key: string): Promise<unknown> =>
          kube.patch(ref, { type: 'merge', patch: { metadata: { labels: { run: value } }, data: { key } } });
        await label(run, '1');
        await label(run, '2');
        await label(null, '3');
        const events = await collect(kube, maps, { resourceVersion, labelSelector: `run=${run}` }, 3);
        assert.deepEqual(
          events.map(({ type, object }) => `${type} ${object.metadata.name}`),
          ['ADDED', 'MODIFIED', 'DELETED'].map((type) => `${type} ${ref.name}`),
        );
      });

      it('fails with KUBE_NOT_FOUND when there is no such kind', async () => {
        const watching = collect(kube, { apiVersion: 'none.epinio.io/v1', kind: 'None' }, {}, 1);
        await assert.rejects(watching, { code: 'KUBE_NOT_FOUND' });
      });

      it('ends at once when its signal is already aborted', async () => {
        for await (const event of kube.watch(maps, { signal: AbortSignal.abort() }))
          assert.fail(`got ${event.type}`);
      });
    });

    it('serves a kind as soon as its definition is there', async () => {
      await installDefinition(kube);
      const widget: KubeObject = {
        ...WIDGETS,
        metadata: { name: 'w', namespace },
        spec: { size: 1, any: { thing: [1] } },
      };
      await kube.create(widget);
      assert.deepEqual((await kube.get({ ...WIDGETS, namespace, name: 'w' }))?.['spec'], widget['spec']);
      const { items } = await kube.list({ ...WIDGETS, namespace });
      assert.equal(
        items.some(({ metadata }) => metadata.name === 'w'),
        true,
      );
      assert.equal(await kube.delete({ ...WIDGETS, namespace, name: 'w' }), true);
    });

    it('obeys an aborted signal', async () => {
      const signal = AbortSignal.abort(new Error('enough'));
      await assert.rejects(
        kube.list({ apiVersion: 'v1', kind: 'ConfigMap', namespace }, { signal }),
        /enough/,
      );
    });
  });
}

function refOf({ apiVersion, kind, metadata }: KubeObject): ObjectRef {
  const { namespace, name } = metadata;
  return { apiVersion, kind, name, ...(namespace === undefined ? {} : { namespace }) };
}

/** Reads a watch until it has told `count` changes; `meanwhile` is run after the first. */
async function collect(
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

async function gone(kube: Kube, ref: ObjectRef): Promise<void> {
  await eventually(`${ref.kind} "${ref.name}" to be gone`, async () => (await kube.get(ref)) === undefined);
}

async function eventually(what: string, check: () => Promise<boolean>): Promise<void> {
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

async function installDefinition(kube: Kube): Promise<void> {
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
