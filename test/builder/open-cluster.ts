import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInformers } from '@epinio/core';
import type { Kube, Secret } from '@epinio/core';
import { createDataDirectory, createKube } from '@epinio/core/adapters';
import { FakeLog, systemClock } from '@epinio/core/testkit';
import type { OpenBuilder } from '@epinio/core/testkit';
import type { z } from 'zod';
import { config } from '../../plugins/embedded-builder/src/config.ts';
import { createEmbeddedBuilder } from '../../plugins/embedded-builder/src/embedded-builder.ts';
import type { EmbeddedBuilder } from '../../plugins/embedded-builder/src/embedded-builder.ts';
import { config as clusterConfig } from '../../plugins/embedded-cluster/src/config.ts';
import { EmbeddedCluster } from '../../plugins/embedded-cluster/src/embedded-cluster.ts';
import { openRegistry } from '../../plugins/embedded-registry/src/fixtures/open-registry.ts';
import { openStorage } from '../../plugins/embedded-storage/src/fixtures/open-storage.ts';

export interface OpenedCluster extends OpenBuilder {
  readonly builder: EmbeddedBuilder;
  readonly kube: Kube;
  readonly log: FakeLog;
  /** The builder with other settings. */
  withSettings(settings: z.input<typeof config>): Promise<EmbeddedBuilder>;
}

/** The embedded cluster with store, registry and builder, as a platform has them. */
export async function openCluster(): Promise<OpenedCluster> {
  const folder = await mkdtemp(join(tmpdir(), 'epinio-cluster-'));
  const log = new FakeLog();
  const port = await freePort();
  const cluster = new EmbeddedCluster(
    {
      dataDirectory: createDataDirectory(folder),
      listenPorts: { claim: async () => port },
      clock: systemClock,
      log,
    },
    clusterConfig.parse({}),
  );
  const stop = new AbortController();
  const events = new EventTarget();
  const ready = once(events, 'ready');
  const running = cluster.run({ signal: stop.signal, ready: () => events.dispatchEvent(new Event('ready')) });
  await Promise.race([ready, running]);
  const [registry, storage, { kubeconfig }] = await Promise.all([
    openRegistry(),
    openStorage(),
    cluster.connection(),
  ]);
  const kube = await createKube({ kubeconfig });
  const informers = createInformers(kube, { clock: systemClock, log });
  const auths = await registry.registry.credentials();
  await kube.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'epinio' } });
  await kube.create<Secret>({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'registry-creds', namespace: 'epinio' },
    type: 'kubernetes.io/dockerconfigjson',
    stringData: { '.dockerconfigjson': JSON.stringify({ auths }) },
  });
  const needs = {
    clock: systemClock,
    informers,
    kube,
    log,
    registry: registry.registry,
    settings: { domain: 'localhost', namespace: 'epinio', tlsIssuer: 'epinio-ca' },
    storage: storage.storage,
  };
  const withSettings = (settings: z.input<typeof config>): Promise<EmbeddedBuilder> =>
    createEmbeddedBuilder(needs, config.parse(settings));
  const [builder, other] = await Promise.all([withSettings({}), withSettings({})]);
  return {
    builder,
    other,
    withSettings,
    kube,
    log,
    storage: storage.storage,
    registry: registry.registry,
    async [Symbol.asyncDispose]() {
      // Pods outlive their platform; those of a test must not.
      const { items } = await kube.list({ apiVersion: 'batch/v1', kind: 'Job', namespace: 'epinio' });
      for (const { metadata } of items) {
        await kube.delete({ apiVersion: 'batch/v1', kind: 'Job', namespace: 'epinio', name: metadata.name });
      }
      for (;;) {
        const pods = await kube.list({ apiVersion: 'v1', kind: 'Pod', namespace: 'epinio' });
        if (pods.items.length === 0) break;
        await systemClock.sleep(50);
      }
      await informers.close();
      await kube.close();
      stop.abort();
      await running;
      await Promise.all([registry[Symbol.asyncDispose](), storage[Symbol.asyncDispose]()]);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
