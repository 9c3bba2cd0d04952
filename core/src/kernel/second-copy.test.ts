import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, describe, it } from 'node:test';
import { pathToFileURL } from 'node:url';
import { z } from 'zod';
import { ingress } from '../contracts/ingress.ts';
import { kube } from '../ports/kube.ts';
import { settings } from '../ports/settings.ts';
import * as errors from './errors.ts';
import { createPlatform, provide } from './platform.ts';
import * as kernel from './plugin.ts';

// A second copy of core, as npm makes one when a plugin asks for another version of it.
const copy = mkdtempSync(join(tmpdir(), 'second-copy-'));
after(() => rmSync(copy, { recursive: true }));
writeFileSync(join(copy, 'package.json'), '{ "type": "module" }');
const packages = dirname(dirname(createRequire(import.meta.url).resolve('zod/package.json')));
symlinkSync(packages, join(copy, 'node_modules'), 'dir');
for (const folder of ['kernel', 'contracts', 'ports']) {
  cpSync(join(import.meta.dirname, '..', folder), join(copy, folder), {
    recursive: true,
    filter: (source) => !source.endsWith('.test.ts'),
  });
}

async function fromCopy<T>(path: string): Promise<T> {
  return (await import(pathToFileURL(join(copy, path)).href)) as T;
}

describe('a plugin made by a second copy of core', () => {
  it('is wired to the contracts and ports of the first', async () => {
    const theirs = {
      plugin: await fromCopy<typeof kernel>('kernel/plugin.ts'),
      errors: await fromCopy<typeof errors>('kernel/errors.ts'),
      ingress: (await fromCopy<{ ingress: typeof ingress }>('contracts/ingress.ts')).ingress,
      settings: (await fromCopy<{ settings: typeof settings }>('ports/settings.ts')).settings,
    };
    assert.notEqual(theirs.plugin.definePlugin, kernel.definePlugin, 'the copies must be two');
    const plugin = theirs.plugin.definePlugin({
      id: 'foreign',
      provides: theirs.ingress,
      contractVersion: theirs.plugin.CONTRACT_VERSION,
      needs: { settings: theirs.settings },
      config: z.strictObject({}),
      parts: () => [],
      probes: () => [],
      create: (needs) => ({
        className: needs.settings.domain,
        routeObjects: () => [],
        workloads: async () => [],
        address: () => {
          throw new theirs.errors.EpinioError('INGRESS_DOWN', 'Ingress is down', { fix: 'start it' });
        },
      }),
    });
    const known = { domain: 'example.com', namespace: 'epinio', tlsIssuer: 'epinio-ca' };
    await using platform = await createPlatform({ plugins: [{ plugin }], ports: [provide(settings, known)] });
    const service = await platform.open(ingress);
    assert.equal(service.className, 'example.com');
    assert.throws(
      () => service.address(),
      (error: unknown) => errors.isEpinioError(error) && error.code === 'INGRESS_DOWN',
    );
    assert.throws(() => platform.get(kube), { code: 'SERVICE_MISSING' });
  });
});
