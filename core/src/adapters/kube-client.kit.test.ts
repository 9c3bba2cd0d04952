import assert from 'node:assert/strict';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { createInformers } from '../kube/informers.ts';
import type { KubeObject } from '../kernel/component.ts';
import { testKube } from '../testkit/contracts/kube.ts';
import { serveKube } from '../testkit/fake-api-server.ts';
import { FakeKube } from '../testkit/fake-kube.ts';
import { FakeLog } from '../testkit/fake-log.ts';
import { createKube } from './kube-client.ts';
import { systemClock } from './system-clock.ts';

testKube('the client over HTTP to FakeKube', async () => {
  const server = await serveKube(new FakeKube({ requireDefinitions: true }));
  const client = await createKube({ kubeconfig: server.kubeconfig });
  return Object.assign(client, {
    async [Symbol.asyncDispose]() {
      await client.close();
      await server[Symbol.asyncDispose]();
    },
  });
});

const MAPS = { apiVersion: 'v1', kind: 'ConfigMap' } as const;

function map(name: string): KubeObject {
  return { ...MAPS, metadata: { name, namespace: 'default' }, data: { key: 'value' } };
}

test('informers over the client see every change through cut connections and lost history', async () => {
  const kube = new FakeKube({ objects: Array.from({ length: 1_200 }, (_, index) => map(`map-${index}`)) });
  await using server = await serveKube(kube);
  await using client = await createKube({ kubeconfig: server.kubeconfig });
  await using informers = createInformers(client, {
    log: new FakeLog(),
    clock: systemClock,
    random: () => 0,
  });
  const maps = informers.open(MAPS);
  const names = new Set<string>();
  maps.subscribe(({ type, object }) => {
    if (type === 'deleted') names.delete(object.metadata.name);
    else names.add(object.metadata.name);
  });
  await maps.synced();
  assert.equal(names.size, 1_200);
  for (let round = 0; round < 5; round += 1) {
    if (round % 2 === 0) server.cutConnections();
    await kube.create(map(`new-${round}`));
    await kube.delete({ ...MAPS, namespace: 'default', name: `map-${round}` });
    if (round === 3) {
      kube.forgetHistory();
      kube.disconnect();
    }
  }
  const deadline = Date.now() + 10_000;
  const expected = (await kube.list(MAPS)).items.map(({ metadata }) => metadata.name).sort();
  while (JSON.stringify([...names].sort()) !== JSON.stringify(expected)) {
    assert.ok(Date.now() < deadline, 'the informer does not catch up');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  assert.deepEqual(
    maps
      .list()
      .map(({ metadata }) => metadata.name)
      .sort(),
    expected,
  );
});

test('a log that is followed over HTTP comes as it is written', async () => {
  const pod = { namespace: 'default', name: 'web' };
  const kube = new FakeKube({
    objects: [{ apiVersion: 'v1', kind: 'Pod', metadata: pod, spec: { containers: [{ name: 'main' }] } }],
  });
  await using server = await serveKube(kube);
  await using client = await createKube({ kubeconfig: server.kubeconfig });
  const log = await client.logs(pod, { follow: true });
  const first = new Promise((resolve) => log.once('data', resolve));
  kube.writeLog(pod, 'main', 'one');
  assert.equal(String(await first), 'one\n');
  kube.writeLog(pod, 'main', 'two');
  kube.endLog(pod, 'main');
  assert.equal(await text(log), 'two\n');
});
