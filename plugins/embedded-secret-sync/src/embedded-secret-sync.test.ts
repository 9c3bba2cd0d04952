import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createInformers, type EventObject, type Secret } from '@epinio/core';
import {
  eventually,
  FakeKube,
  FakeLog,
  systemClock,
  testSecretSync,
  type SecretSyncContext,
} from '@epinio/core/testkit';
import { EmbeddedSecretSync } from './embedded-secret-sync.ts';

async function open(
  kube: FakeKube = new FakeKube(),
): Promise<SecretSyncContext & { readonly kube: FakeKube }> {
  const log = new FakeLog();
  const informers = createInformers(kube, { log, clock: systemClock });
  const secretSync = new EmbeddedSecretSync({ kube, informers, log, clock: systemClock });
  const stop = new AbortController();
  let stopped = Promise.resolve();
  await new Promise<void>((ready, fail) => {
    stopped = secretSync.run({ signal: stop.signal, ready });
    stopped.catch(fail);
  });
  return {
    secretSync,
    kube,
    async [Symbol.asyncDispose]() {
      stop.abort();
      await stopped;
      await informers.close();
    },
  };
}

testSecretSync('embedded-secret-sync', open);

const namespace = (name: string, labels: Record<string, string> = {}): object => ({
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: { name, labels },
});

function source(sync: string, value = 'b25l'): Secret {
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: {
      name: 's',
      namespace: 'default',
      annotations: { 'kubed.appscode.com/sync': sync },
      labels: { mine: 'yes' },
    },
    type: 'kubernetes.io/dockerconfigjson',
    data: { '.dockerconfigjson': value },
  };
}

describe('embedded-secret-sync', () => {
  const copyIn = (kube: FakeKube, name: string): Promise<Secret | undefined> =>
    kube.get<Secret>({ apiVersion: 'v1', kind: 'Secret', namespace: name, name: 's' });

  it("understands kubed's selectors, and marks copies as kubed does", async () => {
    const kube = new FakeKube({ namespaces: ['b'] });
    await kube.apply(namespace('a', { team: 'x' }) as Secret, { fieldManager: 't' });
    await using _sync = await open(kube);
    await kube.create(source('team=x'));
    await eventually(async () => assert.ok(await copyIn(kube, 'a'), 'not there yet'));
    const copy = await copyIn(kube, 'a');
    assert.equal(copy?.type, 'kubernetes.io/dockerconfigjson');
    assert.equal(copy.metadata.labels?.['mine'], 'yes');
    assert.equal(copy.metadata.labels['kubed.appscode.com/origin.name'], 's');
    assert.equal(copy.metadata.labels['kubed.appscode.com/origin.namespace'], 'default');
    assert.equal(copy.metadata.annotations?.['kubed.appscode.com/sync'], undefined);
    assert.equal(await copyIn(kube, 'b'), undefined);
    await kube.apply(source(''), { fieldManager: 't' });
    await eventually(async () => assert.ok(await copyIn(kube, 'b'), 'not there yet'));
  });

  it('makes good what happened while it did not run', async () => {
    const kube = new FakeKube({ namespaces: ['a', 'b'] });
    {
      await using _first = await open(kube);
      await kube.create(source(''));
      await eventually(async () =>
        assert.ok((await copyIn(kube, 'a')) && (await copyIn(kube, 'b')), 'not there yet'),
      );
    }
    await kube.delete({ apiVersion: 'v1', kind: 'Secret', namespace: 'default', name: 's' });
    await using _second = await open(kube);
    await eventually(async () =>
      assert.equal((await copyIn(kube, 'a')) ?? (await copyIn(kube, 'b')), undefined),
    );
  });

  it('says on the source what it cannot do, and goes on with the rest', async () => {
    const kube = new FakeKube({ namespaces: ['a', 'b'] });
    await kube.create<Secret>({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 's', namespace: 'a' },
      type: 'Opaque',
    });
    await using _sync = await open(kube);
    await kube.create(source(''));
    await eventually(async () => assert.ok(await copyIn(kube, 'b'), 'not there yet'));
    const events = async (): Promise<readonly EventObject[]> =>
      (await kube.list<EventObject>({ apiVersion: 'v1', kind: 'Event', namespace: 'default' })).items;
    await eventually(async () => {
      const [event] = await events();
      assert.equal(event?.reason, 'SyncConflict');
      assert.match(event.message ?? '', /Secret "a\/s" was not made by secret sync/);
    });
  });

  it('leaves copies in place when the selector cannot be read', async () => {
    const kube = new FakeKube({ namespaces: ['a'] });
    await using _sync = await open(kube);
    await kube.create(source(''));
    await eventually(async () => assert.ok(await copyIn(kube, 'a'), 'not there yet'));
    await kube.apply(source('=='), { fieldManager: 't' });
    await eventually(async () => {
      const { items } = await kube.list<EventObject>({
        apiVersion: 'v1',
        kind: 'Event',
        namespace: 'default',
      });
      assert.ok(
        items.some(({ reason }) => reason === 'SyncSelectorInvalid'),
        'no Event yet',
      );
    });
    assert.ok(await copyIn(kube, 'a'), "await copyIn(kube, 'a')");
  });
});
