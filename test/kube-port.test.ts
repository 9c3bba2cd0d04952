import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { createInformers } from '@epinio/core';
import { createClock, createDataDirectory, createKube, createListenPorts } from '@epinio/core/adapters';
import { eventually, FakeLog, testKube } from '@epinio/core/testkit';
import embeddedCluster from '../plugins/embedded-cluster/src/index.ts';

type Running = Awaited<ReturnType<typeof startCluster>>;

/** Starts the embedded cluster of a folder, as the server does; `stop` leaves the folder. */
async function startCluster(folder: string) {
  const needs = {
    clock: createClock(),
    dataDirectory: createDataDirectory(folder),
    listenPorts: createListenPorts(folder),
    log: new FakeLog(),
  };
  const cluster = await embeddedCluster.create(needs, embeddedCluster.config.parse({}));
  const ending = new AbortController();
  let running: Promise<void> | undefined;
  await new Promise<void>((ready, failed) => {
    running = embeddedCluster.run?.(cluster, { signal: ending.signal, ready });
    running?.catch(failed);
  });
  return {
    connection: () => cluster.connection(),
    async stop(): Promise<void> {
      ending.abort();
      await running;
    },
  };
}

testKube('the client to the embedded cluster', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'epinio-kube-'));
  const cluster = await startCluster(folder);
  const client = await createKube(await cluster.connection());
  return Object.assign(client, {
    async [Symbol.asyncDispose]() {
      await client.close();
      await cluster.stop();
      await rm(folder, { recursive: true });
    },
  });
});

test('informers see what happens before and after a restart of the cluster, on the same connection', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'epinio-kube-'));
  let cluster: Running = await startCluster(folder);
  t.after(async () => {
    await cluster.stop();
    await rm(folder, { recursive: true });
  });
  const maps = { apiVersion: 'v1', kind: 'ConfigMap', namespace: 'default' } as const;
  await using client = await createKube(await cluster.connection());
  await using informers = createInformers(client, { log: new FakeLog(), clock: createClock() });
  const make = async (name: string): Promise<unknown> =>
    client.create({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: 'default' } });

  const informer = informers.open(maps);
  const seen: string[] = [];
  informer.subscribe(({ type, object }) => {
    if (object.metadata.name.startsWith('test-')) seen.push(`${type} ${object.metadata.name}`);
  });
  await informer.synced();
  await make('test-before');
  await eventually(() => assert.ok(seen.includes('added test-before'), 'no event yet'));

  await cluster.stop();
  await assert.rejects(make('test-meanwhile'), { code: 'KUBE_UNREACHABLE' });
  cluster = await startCluster(folder);

  await client.delete({ ...maps, name: 'test-before' });
  await make('test-after');
  await eventually(() => assert.ok(seen.includes('added test-after'), 'no event after the restart'));
  assert.deepEqual(seen, ['added test-before', 'deleted test-before', 'added test-after']);
});
