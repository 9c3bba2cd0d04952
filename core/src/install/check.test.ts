import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { z } from 'zod';
import { token } from '../kernel/token.ts';
import { contract, definePlugin, type AnyPlugin } from '../kernel/plugin.ts';
import type { PlatformNode } from '../kernel/platform.ts';
import { FakeKube } from '../testkit/fake-kube.ts';
import { assertInstallable, checkComponents } from './check.ts';
import { settings, signal } from './sample-installation.ts';

function node(name: string, check: NonNullable<AnyPlugin['check']>): PlatformNode {
  const plugin = definePlugin({
    id: name,
    provides: contract<object>(name),
    contractVersion: 1,
    needs: {},
    config: z.strictObject({}),
    check,
    parts: () => [],
    probes: () => [],
    create: () => ({}),
  });
  return { name, kind: 'plugin', token: token(name), plugin, config: { port: 1 }, after: [] };
}

const warning = { severity: 'warning', code: 'DOOR_OLD', message: 'The door is old' } as const;
const error = { severity: 'error', code: 'DOOR_SHUT', message: 'The door is shut', fix: 'open it' } as const;
const none = new Map<string, never>();

describe('checkComponents', () => {
  it('tells what the plugins find, whose it is, and errors first', async () => {
    await using kube = new FakeKube();
    const told: unknown[] = [];
    const nodes = [
      node('old', async (_kube, config, { detected }) => {
        told.push(config, detected);
        return [warning];
      }),
      node('shut', async () => [error]),
    ];
    const detected = new Map([['old', { owner: 'other' as const }]]);
    const findings = await checkComponents({ nodes }, kube, { settings, detected, signal });
    assert.deepEqual(findings, [
      { component: 'shut', ...error },
      { component: 'old', ...warning },
    ]);
    assert.deepEqual(told, [{ port: 1 }, { owner: 'other' }]);
  });

  it('refuses an install for errors, all of them at once, and not for warnings', async () => {
    await using kube = new FakeKube();
    const checked = (findings: readonly (typeof error | typeof warning)[]) =>
      checkComponents({ nodes: [node('door', async () => findings)] }, kube, {
        settings,
        detected: none,
        signal,
      });
    assertInstallable(await checked([warning]));
    const one = await checked([warning, error]);
    assert.throws(() => assertInstallable(one), {
      code: 'DOOR_SHUT',
      message: 'The door is shut',
      fix: 'open it',
    });
    const two = await checked([error, { ...error, code: 'DOOR_SHUT' }]);
    assert.throws(() => assertInstallable(two), {
      code: 'CHECK_REFUSED',
      message: 'The cluster has 2 problems',
    });
  });

  it('names a plugin that fails, and one that does not come to an end', async () => {
    await using kube = new FakeKube();
    const failing = node('door', () => Promise.reject(new Error('no hinges')));
    await assert.rejects(checkComponents({ nodes: [failing] }, kube, { settings, detected: none, signal }), {
      code: 'CHECK_FAILED',
      message: 'Plugin "door" could not check the cluster: no hinges',
    });
    const endless = node('door', () => new Promise(() => undefined));
    await assert.rejects(
      checkComponents({ nodes: [endless] }, kube, { settings, detected: none, signal, timeoutMs: 20 }),
      { code: 'CHECK_TIMEOUT' },
    );
  });
});
