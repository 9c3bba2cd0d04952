import { Readable } from 'node:stream';
import { createInformers } from '@epinio/core';
import type { Job, Registry, StagingRequest, Storage } from '@epinio/core';
import { FakeKube, FakeLog, systemClock } from '@epinio/core/testkit';
import type { z } from 'zod';
import { config } from '../../plugins/embedded-builder/src/config.ts';
import { createEmbeddedBuilder } from '../../plugins/embedded-builder/src/embedded-builder.ts';
import type { EmbeddedBuilder } from '../../plugins/embedded-builder/src/embedded-builder.ts';
import { openRegistry } from '../../plugins/embedded-registry/src/fixtures/open-registry.ts';
import { openStorage } from '../../plugins/embedded-storage/src/fixtures/open-storage.ts';

export interface OpenedBuilder extends AsyncDisposable {
  readonly kube: FakeKube;
  readonly builder: EmbeddedBuilder;
  readonly storage: Storage;
  readonly registry: Registry;
  /** The same builder, as another process of the platform has it. */
  another(): Promise<EmbeddedBuilder>;
  /** A request for a run of sources that are in the store. */
  request(part?: Partial<StagingRequest>): StagingRequest;
  job(id: string): Promise<Job | undefined>;
}

/** A builder over real storage and registry, and a cluster that runs nothing. */
export async function openBuilder(settings: z.input<typeof config> = {}): Promise<OpenedBuilder> {
  const kube = new FakeKube({ namespaces: ['epinio'] });
  const log = new FakeLog();
  const informers = createInformers(kube, { clock: systemClock, log });
  const [registry, storage] = await Promise.all([openRegistry(), openStorage()]);
  await storage.storage.put('sources', Readable.from(['x']), { contentType: 'application/x-tar' });
  const { push } = await registry.registry.repository('apps/workspace-sample');
  const needs = {
    clock: systemClock,
    informers,
    kube,
    log,
    registry: registry.registry,
    settings: { domain: 'localhost', namespace: 'epinio', tlsIssuer: 'epinio-ca' },
    storage: storage.storage,
  };
  const another = (): Promise<EmbeddedBuilder> => createEmbeddedBuilder(needs, config.parse(settings));
  return {
    kube,
    builder: await another(),
    storage: storage.storage,
    registry: registry.registry,
    another,
    request: (part = {}) => ({
      id: '0123456789abcdef',
      app: { namespace: 'workspace', name: 'sample' },
      blob: 'sources',
      image: `${push}:0123456789abcdef`,
      environment: {},
      labels: {},
      annotations: {},
      ...part,
    }),
    async job(id) {
      const ref = { apiVersion: 'batch/v1', kind: 'Job', namespace: 'epinio' };
      return (await kube.list<Job>(ref, { labelSelector: `epinio.io/stage-id=${id}` })).items[0];
    },
    async [Symbol.asyncDispose]() {
      await informers.close();
      await kube[Symbol.asyncDispose]();
      await Promise.all([registry[Symbol.asyncDispose](), storage[Symbol.asyncDispose]()]);
    },
  };
}
