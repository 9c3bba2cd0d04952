import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import {
  ChartExecutor,
  Helm,
  install,
  readRecord,
  readRelease,
  uninstall,
  type ChartPart,
  type InstallComponent,
  type KubeObject,
} from '@epinio/core';
import { createCommands } from '@epinio/core/adapters';
import { eventually, needProgram } from '@epinio/core/testkit';
import { openSimulatedCluster, type SimulatedCluster } from '../support/simulated-cluster.ts';

const BOATS = join(import.meta.dirname, 'charts/boats');
const { signal } = new AbortController();
const settings = { domain: 'a.example', namespace: 'epinio', tlsIssuer: 'epinio-ca' };
const run = promisify(execFile);

let cluster: SimulatedCluster;
let helm: Helm | undefined;

before(async () => {
  cluster = await openSimulatedCluster();
});
after(async () => {
  await helm?.[Symbol.asyncDispose]();
  await cluster[Symbol.asyncDispose]();
});

function namespace(name: string): KubeObject {
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name } };
}

function components(
  values: Readonly<Record<string, unknown>>,
  more: Partial<ChartPart> = {},
): InstallComponent[] {
  return [
    { id: 'epinio', needs: [], parts: [{ kind: 'manifest', object: namespace('epinio') }], probes: [] },
    {
      id: 'boats',
      needs: ['epinio'],
      parts: [
        { kind: 'manifest', object: namespace('harbour') },
        { kind: 'chart', release: 'boats', namespace: 'harbour', chart: BOATS, values, ...more },
      ],
      probes: [
        {
          kind: 'rollout',
          what: 'the harbour',
          apiVersion: 'apps/v1',
          resourceKind: 'Deployment',
          namespace: 'harbour',
          name: 'harbour',
          timeoutSeconds: 20,
        },
      ],
    },
  ];
}

function opened(): Helm {
  assert.ok(helm, 'the first test opens it');
  return helm;
}

const executors = () => ({
  chart: new ChartExecutor({ kube: cluster.kube, helm: async () => opened(), pendingMs: 500 }),
});

const installed = (values: Readonly<Record<string, unknown>>, more: Partial<ChartPart> = {}) =>
  install({
    kube: cluster.kube,
    version: '1.2.3',
    settings,
    components: components(values, more),
    executors: executors(),
    signal,
  });

async function release(): Promise<string | undefined> {
  const found = await readRelease(cluster.kube, { namespace: 'harbour', release: 'boats' }, signal);
  return found === undefined ? undefined : `${found.revision} ${found.status}`;
}

describe('components that are Helm charts', () => {
  it('are installed, changed, and removed with their definitions', async (t) => {
    if (needProgram(t, 'helm', 'install charts') === undefined) return;
    helm = await Helm.open({ commands: createCommands(), connection: cluster.connection }, signal);
    const { kube } = cluster;
    const deployment = { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'harbour', name: 'harbour' };
    const replicas = async (): Promise<unknown> =>
      ((await kube.get(deployment))?.['spec'] as { replicas?: number } | undefined)?.replicas;

    await installed({ replicas: 2, secret: 'hidden-in-values' });
    assert.equal(await replicas(), 2);
    const record = await readRecord(kube, 'epinio');
    assert.equal(record?.components.find(({ id }) => id === 'boats')?.state, 'ready');
    assert.doesNotMatch(JSON.stringify(record), /hidden-in-values/);

    const again = await installed({ replicas: 2, secret: 'hidden-in-values' });
    assert.ok(
      again.steps.every((step) => step.kind === 'change' && step.action === 'unchanged'),
      'the same again has nothing to do',
    );
    assert.equal(await release(), '1 deployed');

    await installed({ replicas: 3 });
    assert.equal(await replicas(), 3);
    assert.equal(await release(), '2 deployed');

    await uninstall({ kube, namespace: 'epinio', executors: executors(), signal });
    for (const [apiVersion, kind] of [
      ['apps/v1', 'Deployment'],
      ['apiextensions.k8s.io/v1', 'CustomResourceDefinition'],
    ] as const)
      assert.deepEqual((await kube.list({ apiVersion, kind })).items, []);
    assert.equal(await kube.get({ apiVersion: 'v1', kind: 'Namespace', name: 'harbour' }), undefined);
  });

  it('say what helm says: values that the schema refuses, a chart that cannot be fetched', async (t) => {
    if (needProgram(t, 'helm', 'install charts') === undefined) return;
    await assert.rejects(
      installed({ replica: 2 }),
      (error: Error & { code: string; fix?: string; details: string[] }) => {
        assert.equal(error.code, 'HELM_FAILED');
        assert.match(
          error.message,
          /Component "boats": chart "boats" in namespace "harbour" could not be installed/,
        );
        assert.match([error.message, ...error.details].join('\n'), /replica/);
        assert.match(error.fix ?? '', /values/);
        return true;
      },
    );
    await assert.rejects(
      installed({}, { chart: 'boats', repository: 'http://127.0.0.1:1/charts', version: '1.2.3' }),
      /chart "boats" could not be fetched from http:\/\/127\.0\.0\.1:1\/charts/,
    );
    await uninstall({ kube: cluster.kube, namespace: 'epinio', executors: executors(), signal });
  });

  it('go on after a helm that was killed in the middle', async (t) => {
    if (needProgram(t, 'helm', 'install charts') === undefined) return;
    const killInTheMiddle = async (): Promise<void> => {
      const env = { ...process.env, KUBECONFIG: cluster.kubeconfig };
      const args = ['upgrade', 'boats', BOATS, '--install', '-n', 'harbour', '--set', 'stuck=true'];
      const child = spawn('helm', [...args, '--labels', 'epinio.io/plugin=boats'], { env, stdio: 'ignore' });
      const job = { apiVersion: 'batch/v1', kind: 'Job', namespace: 'harbour', name: 'stuck' };
      await eventually(async () => assert.notEqual(await cluster.kube.get(job), undefined));
      child.kill('SIGKILL');
      await once(child, 'exit');
      await cluster.kube.delete(job);
    };
    await cluster.kube.create(namespace('harbour'));
    await killInTheMiddle();
    assert.equal(await release(), '1 pending-install');
    await installed({ replicas: 2 });
    assert.equal(await release(), '1 deployed');
    await killInTheMiddle();
    assert.equal(await release(), '2 pending-upgrade');
    await installed({ replicas: 3 });
    assert.equal(await release(), '4 deployed');
    await uninstall({ kube: cluster.kube, namespace: 'epinio', executors: executors(), signal });
    await cluster.kube.delete({ apiVersion: 'v1', kind: 'Namespace', name: 'harbour' });
  });

  it("leave someone else's release of the same name alone, and their objects' definitions", async (t) => {
    if (needProgram(t, 'helm', 'install charts') === undefined) return;
    const { kube } = cluster;
    const env = { ...process.env, KUBECONFIG: cluster.kubeconfig };
    await run('helm', ['install', 'boats', BOATS, '-n', 'harbour', '--create-namespace'], { env });
    await assert.rejects(
      installed({}),
      /chart "boats" in namespace "harbour" exists and was not made by Epinio/,
    );
    await run('helm', ['uninstall', 'boats', '-n', 'harbour'], { env });
    await kube.delete({
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      name: 'boats.example.com',
    });

    await installed({});
    await kube.create({
      apiVersion: 'example.com/v1',
      kind: 'Boat',
      metadata: { name: 'mine', namespace: 'default' },
    });
    const kept: string[] = [];
    await uninstall({
      kube,
      namespace: 'epinio',
      executors: executors(),
      signal,
      onEvent: (event) => (event.type === 'kept' ? kept.push(`${event.what}: ${event.why}`) : undefined),
    });
    assert.deepEqual(kept, [
      'CustomResourceDefinition "boats.example.com": 1 object of its kind is not of this installation',
    ]);
  });

  it('leave no kubeconfig behind', async (t) => {
    if (needProgram(t, 'helm', 'install charts') === undefined) return;
    const folders = (): readonly string[] =>
      readdirSync(tmpdir()).filter((name) => name.startsWith('epinio-helm-'));
    const before = folders();
    {
      await using _helm = await Helm.open(
        { commands: createCommands(), connection: cluster.connection },
        signal,
      );
    }
    assert.deepEqual(folders(), before);
  });
});
