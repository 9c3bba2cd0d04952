import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInformers } from '@epinio/core';
import { FakeLog, systemClock, testKube } from '@epinio/core/testkit';
import { startControllers } from '../controllers/index.ts';
import { openRegistry } from '../registry/open.ts';
import { createLocalKube } from './local-kube.ts';

testKube('the embedded cluster, in process', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'epinio-kube-'));
  const log = new FakeLog();
  const { registry, close } = await openRegistry({ directory, history: 4096 }, log);
  const kube = createLocalKube(registry, 'kube-controller-manager');
  const informers = createInformers(kube, { clock: systemClock, log });
  const { signal } = new AbortController();
  const controllers = await startControllers({ kube, informers, log, clock: systemClock, signal });
  return Object.assign(createLocalKube(registry, 'test'), {
    async [Symbol.asyncDispose]() {
      await controllers.close();
      await informers[Symbol.asyncDispose]();
      await close();
      rmSync(directory, { recursive: true, force: true });
    },
  });
});
