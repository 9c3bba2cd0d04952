import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInformers } from '@epinio/core';
import { FakeLog, systemClock, testKube } from '@epinio/core/testkit';
import { ServiceAccountTokens } from '../auth/tokens/service-account-tokens.ts';
import { createSigningKey, readSigningKey } from '../auth/tokens/signing-key.ts';
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
  const key = readSigningKey(createSigningKey(), 'test');
  const tokens = new ServiceAccountTokens({ registry, key, log });
  const controllers = await startControllers({
    ...{ kube, informers, log, clock: systemClock, signal, tokens, authority: 'test' },
  });
  return Object.assign(createLocalKube(registry, 'test'), {
    async [Symbol.asyncDispose]() {
      await controllers.close();
      await informers[Symbol.asyncDispose]();
      await close();
      rmSync(directory, { recursive: true, force: true });
    },
  });
});
