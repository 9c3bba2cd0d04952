import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { z } from 'zod';
import type { Detected } from '../kernel/component.ts';
import { createPlatform, type Platform } from '../kernel/platform.ts';
import { contract, definePlugin } from '../kernel/plugin.ts';
import type { Kube } from '../ports/kube.ts';
import { FakeKube } from '../testkit/fake-kube.ts';
import { detectComponents } from './detect.ts';

const { signal } = new AbortController();
type Detect = (kube: Kube, config: { name: string }) => Promise<Detected>;

function platform(...detects: (Detect | undefined)[]): Promise<Platform> {
  const plugins = detects.map((detect, index) => {
    const id = `plugin-${index}`;
    const config = z.strictObject({ name: z.string().default('door') });
    const base = {
      id,
      provides: contract<string>(id),
      contractVersion: 1,
      needs: {},
      config,
      parts: () => [],
      probes: () => [],
      create: () => '',
    };
    return { plugin: detect === undefined ? definePlugin(base) : definePlugin({ ...base, detect }) };
  });
  return createPlatform({ plugins });
}

describe('detectComponents', () => {
  it('asks the plugins that can tell, with their checked config', async () => {
    const service = {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'door', namespace: 'kube-system' },
    };
    await using kube = new FakeKube({ objects: [service] });
    const detect: Detect = async (api, { name }) => {
      const found = await api.get({ apiVersion: 'v1', kind: 'Service', namespace: 'kube-system', name });
      return found === undefined ? { owner: 'absent' } : { owner: 'other', place: 'namespace kube-system' };
    };
    assert.deepEqual(
      [...(await detectComponents(await platform(detect, undefined), kube, { signal }))],
      [['plugin-0', { owner: 'other', place: 'namespace kube-system' }]],
    );
  });

  it('asks many at once without a warning of Node.js', async (t) => {
    await using kube = new FakeKube();
    const warnings: string[] = [];
    const note = (warning: Error): void => void warnings.push(warning.message);
    process.on('warning', note);
    t.after(() => process.off('warning', note));
    const detect: Detect = async () => ({ owner: 'absent' });
    const many = await platform(...Array.from({ length: 20 }, () => detect));
    assert.equal((await detectComponents(many, kube, { signal: new AbortController().signal })).size, 20);
    await new Promise(setImmediate); // warnings are told on a later turn
    assert.deepEqual(warnings, []);
  });

  it('names the plugin that fails or hangs', async () => {
    await using kube = new FakeKube();
    kube.goOffline();
    const asking: Detect = async (api) => {
      await api.list({ apiVersion: 'v1', kind: 'Service' });
      return { owner: 'absent' };
    };
    await assert.rejects(detectComponents(await platform(asking), kube, { signal }), {
      code: 'KUBE_UNREACHABLE',
      message: /^Plugin "plugin-0" could not find out whether its component is there: /,
    });
    const hanging = await platform(() => new Promise(() => undefined));
    await assert.rejects(detectComponents(hanging, kube, { signal, timeoutMs: 10 }), {
      code: 'DETECT_TIMEOUT',
    });
  });
});
