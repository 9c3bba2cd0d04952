import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { resourceName } from '@epinio/core';
import type { Container, Job, LogLine, Pod, Secret } from '@epinio/core';
import { eventually } from '@epinio/core/testkit';
import { createOciClient } from '@epinio/core/oci';
import { openBuilder } from './open-builder.ts';
import type { OpenedBuilder } from './open-builder.ts';
import { ScriptedNode } from './scripted-node.ts';

const ID = '0123456789abcdef';
const NAME = resourceName('stage', 'workspace', 'sample', ID);
const NEVER = new AbortController().signal;

async function nodeOf(opened: OpenedBuilder): Promise<ScriptedNode> {
  const job = await opened.job(ID);
  assert.ok(job, 'job');
  return new ScriptedNode(opened.kube, job);
}

async function names(opened: OpenedBuilder, kind: string, apiVersion = 'v1'): Promise<readonly string[]> {
  const { items } = await opened.kube.list({ apiVersion, kind, namespace: 'epinio' });
  return items.map(({ metadata }) => metadata.name).sort();
}

async function collect(lines: AsyncIterable<LogLine>): Promise<readonly string[]> {
  const result: string[] = [];
  for await (const { container, message } of lines) result.push(`${container}: ${message}`);
  return result;
}

describe('the objects of a staging run', () => {
  it('are those of the published platform, and go with their Job', async () => {
    await using opened = await openBuilder();
    const labels = { 'epinio.io/blob-uid': 'sources', 'epinio.io/previous-stage-id': 'fedcba' };
    await opened.builder.start(opened.request({ labels, annotations: { 'epinio.io/created-by': 'admin' } }));
    const job = await opened.job(ID);
    assert.equal(job?.metadata.name, NAME);
    assert.deepEqual(job.metadata.labels, {
      ...labels,
      'app.kubernetes.io/name': 'sample',
      'app.kubernetes.io/part-of': 'workspace',
      'app.kubernetes.io/managed-by': 'epinio',
      'app.kubernetes.io/component': 'staging',
      'epinio.io/stage-id': ID,
    });
    assert.deepEqual(job.spec.template.metadata?.labels, job.metadata.labels);
    assert.equal(job.spec.template.metadata.annotations?.['epinio.io/created-by'], 'admin');
    const { backoffLimit, activeDeadlineSeconds, template } = job.spec;
    assert.deepEqual([backoffLimit, activeDeadlineSeconds, template.spec.restartPolicy], [0, 600, 'Never']);
    assert.deepEqual(await names(opened, 'PersistentVolumeClaim'), [
      resourceName('workspace', 'cache', 'sample'),
    ]);
    assert.equal((await names(opened, 'Secret')).length, 2);
    assert.ok(
      (await names(opened, 'Secret')).includes(NAME),
      "(await names(opened, 'Secret')).includes(NAME)",
    );

    await opened.kube.delete({ apiVersion: 'batch/v1', kind: 'Job', namespace: 'epinio', name: NAME });
    assert.deepEqual(await names(opened, 'Secret'), []);
  });

  it('give each container only the secrets that it needs, and none in the Job', async () => {
    await using opened = await openBuilder({ environment: { MIRROR: 'https://mirror', MINE: 'operator' } });
    await opened.builder.start(opened.request({ environment: { MINE: 'app-secret', PORT: '1' } }));
    const job = await opened.job(ID);
    const { initContainers = [], containers, volumes = [] } = job?.spec.template.spec ?? { containers: [] };
    const mounts = (container: Container): string =>
      (container.volumeMounts ?? [])
        .map(({ mountPath, readOnly }) => (readOnly === true ? `(${mountPath})` : mountPath))
        .join(' ');
    assert.deepEqual(
      [...initContainers, ...containers].map((container) => `${container.name}: ${mounts(container)}`),
      [
        'unpack-blob: /workspace (/source)',
        'buildpack: /workspace /layers (/cache) (/platform/env)',
        'export: /workspace /layers /cache (/registry-auth)',
      ],
    );
    const { data = {} } =
      (await opened.kube.get<Secret>({
        apiVersion: 'v1',
        kind: 'Secret',
        namespace: 'epinio',
        name: NAME,
      })) ?? {};
    const plain = Object.entries(data).map(([key, value]) => [key, Buffer.from(value, 'base64').toString()]);
    assert.deepEqual(plain.filter(([key]) => ['MIRROR', 'MINE', 'PORT'].includes(key ?? '')).sort(), [
      ['MINE', 'app-secret'],
      ['MIRROR', 'https://mirror'],
      ['PORT', '1'],
    ]);
    assert.ok(volumes.length > 0, 'volumes.length > 0');
    const url = await opened.storage.readUrl('sources', { expiresSeconds: 60 });
    const text = JSON.stringify(job);
    assert.ok(!text.includes('app-secret'), "!text.includes('app-secret')");
    assert.ok(
      !text.includes(new URL(url).search.slice(0, 12)),
      '!text.includes(new URL(url).search.slice(0, 12))',
    );
  });

  it('carry the limits of the configuration', async () => {
    await using opened = await openBuilder({
      memory: '512Mi',
      disk: '1Gi',
      cacheSize: '100Mi',
      buildTimeoutSeconds: 30,
    });
    await opened.builder.start(opened.request());
    const job = await opened.job(ID);
    const spec = job?.spec.template.spec;
    const limits = { memory: '512Mi', 'ephemeral-storage': '1Gi' };
    for (const { resources } of [...(spec?.initContainers ?? []), ...(spec?.containers ?? [])])
      assert.deepEqual(resources, { limits });
    assert.deepEqual(
      spec?.volumes?.flatMap(({ emptyDir }) => emptyDir ?? []),
      [{ sizeLimit: '1Gi' }, { sizeLimit: '1Gi' }],
    );
    assert.equal(job?.spec.activeDeadlineSeconds, 30);
    assert.ok(
      spec.containers[0]?.args?.includes(String(100 * 2 ** 20)) === true,
      'spec.containers[0]?.args?.includes(String(100 * 2 ** 20)) === true',
    );
  });

  it('are made once, whoever starts the run how often, and after an interruption at any point', async () => {
    await using opened = await openBuilder();
    await opened.builder.start(opened.request());
    const before = await opened.job(ID);
    await (await opened.another()).start(opened.request());
    assert.deepEqual(await opened.job(ID), before);

    const secrets = await opened.kube.list<Secret>({ apiVersion: 'v1', kind: 'Secret', namespace: 'epinio' });
    await opened.kube.delete({ apiVersion: 'batch/v1', kind: 'Job', namespace: 'epinio', name: NAME });
    for (const secret of secrets.items) {
      const { name, namespace = '', labels = {} } = secret.metadata;
      opened.kube.seed({ ...secret, metadata: { name, namespace, labels } });
    }
    await opened.builder.start(opened.request());
    await opened.kube.delete({ apiVersion: 'batch/v1', kind: 'Job', namespace: 'epinio', name: NAME });
    assert.deepEqual(await names(opened, 'Secret'), [], 'the secrets of the first start were taken over');
  });

  it('are not made for sources that are gone, nor with a builder image that is not ours', async () => {
    await using opened = await openBuilder();
    await assert.rejects(opened.builder.start(opened.request({ blob: 'gone' })), {
      code: 'STAGING_SOURCES_GONE',
    });
    await assert.rejects(
      opened.builder.start(opened.request({ builderImage: 'paketobuildpacks/builder:full' })),
      {
        code: 'BUILDER_IMAGE_UNSUPPORTED',
      },
    );
    assert.deepEqual(await names(opened, 'Job', 'batch/v1'), []);
    await opened.builder.start(opened.request({ builderImage: opened.builder.defaultImage }));
    assert.equal((await names(opened, 'Job', 'batch/v1')).length, 1);
  });

  it('name a builder image that is in the registry', async () => {
    await using opened = await openBuilder();
    await opened.builder.start(opened.request());
    const image = (await opened.job(ID))?.spec.template.spec.containers[0]?.image ?? '';
    assert.equal(image, opened.builder.defaultImage);
    const auths = await opened.registry.credentials();
    const client = createOciClient({ auths });
    const first = await client.rawManifest(image);
    await (await opened.another()).serve({ signal: AbortSignal.abort(), ready: () => undefined });
    assert.equal((await client.rawManifest(image)).digest, first.digest);
    client.close();
  });
});

describe('the status of a staging run', () => {
  it('is undefined for a run that is not there', async () => {
    await using opened = await openBuilder();
    assert.equal(await opened.builder.status('ffffffffffffffff'), undefined);
    await assert.rejects(opened.builder.wait('ffffffffffffffff', NEVER), { code: 'STAGING_NOT_FOUND' });
    await assert.rejects(collect(opened.builder.logs('ffffffffffffffff')), { code: 'STAGING_NOT_FOUND' });
    await opened.builder.cancel('ffffffffffffffff');
  });

  it('follows the Job, for any process', async () => {
    await using opened = await openBuilder();
    await opened.builder.start(opened.request());
    const waiting = (await opened.another()).wait(ID, NEVER);
    assert.deepEqual(await opened.builder.status(ID), { id: ID, phase: 'running' });
    await (await nodeOf(opened)).complete('Complete');
    assert.deepEqual(await waiting, { id: ID, phase: 'succeeded' });
    assert.deepEqual(await opened.builder.wait(ID, NEVER), { id: ID, phase: 'succeeded' });
  });

  it('ends the wait with the reason of the signal', async () => {
    await using opened = await openBuilder();
    await opened.builder.start(opened.request());
    const stop = new AbortController();
    const waiting = opened.builder.wait(ID, stop.signal);
    stop.abort(new Error('no longer'));
    await assert.rejects(waiting, { message: 'no longer' });
  });

  it('ends the wait when somebody removes the run', async () => {
    await using opened = await openBuilder();
    await opened.builder.start(opened.request());
    const waiting = opened.builder.wait(ID, NEVER);
    await eventually(() => assert.ok(opened.kube.openWatches > 0, 'opened.kube.openWatches > 0'));
    await opened.builder.prune({ namespace: 'workspace', name: 'sample' });
    assert.deepEqual(await waiting, { id: ID, phase: 'failed', message: 'the staging run was removed' });
  });

  type Script = (node: ScriptedNode) => Promise<void> | void;
  const failures: readonly (readonly [
    name: string,
    script: Script,
    message: string,
    lastLines: readonly string[],
  ])[] = [
    [
      'what the lifecycle said',
      (node) => {
        node.log('buildpack', '===> Detect', 'ERROR: Buildpack "x" failed: no');
        node.end('buildpack', 51);
      },
      'Buildpack "x" failed: no',
      ['===> Detect', 'ERROR: Buildpack "x" failed: no'],
    ],
    ['an exit code', (node) => node.end('export', 3), 'container "export" ended with exit code 3', []],
    [
      'too much memory',
      (node) => node.end('buildpack', 137, { reason: 'OOMKilled' }),
      'the build used more memory than its limit of 2Gi',
      [],
    ],
    [
      'too much disk',
      (node) => node.finish({ phase: 'Failed', reason: 'Evicted', message: 'emptyDir "layers" is over 8Gi' }),
      'the build used more disk than its limit of 8Gi: emptyDir "layers" is over 8Gi',
      [],
    ],
    ['nothing at all', () => undefined, 'the build ended before it was done', []],
  ];
  for (const [name, script, message, lastLines] of failures) {
    it(`says why it failed: ${name}`, async () => {
      await using opened = await openBuilder();
      await opened.builder.start(opened.request());
      const node = await nodeOf(opened);
      await script(node);
      await node.complete('Failed', 'BackoffLimitExceeded');
      assert.deepEqual(await opened.builder.status(ID), { id: ID, phase: 'failed', message, lastLines });
    });
  }

  it('says that a build took too long', async () => {
    await using opened = await openBuilder({ buildTimeoutSeconds: 10 });
    await opened.builder.start(opened.request());
    await (await nodeOf(opened)).complete('Failed', 'DeadlineExceeded');
    assert.equal((await opened.builder.status(ID))?.message, 'the build took longer than 10 s');
  });

  it('is failed at once after a cancellation, which changes nothing about what has ended', async () => {
    await using opened = await openBuilder();
    await opened.builder.start(opened.request());
    const waiting = opened.builder.wait(ID, NEVER);
    await opened.builder.cancel(ID);
    assert.deepEqual(await waiting, { id: ID, phase: 'failed', message: 'canceled', lastLines: [] });
    assert.equal((await opened.job(ID))?.spec.suspend, true);

    const other = { id: 'aaaaaaaaaaaaaaaa' };
    await opened.builder.start(opened.request(other));
    const job = await opened.job(other.id);
    assert.ok(job, 'job');
    await new ScriptedNode(opened.kube, job).complete('Complete');
    await opened.builder.cancel(other.id);
    assert.deepEqual(await opened.builder.status(other.id), { id: other.id, phase: 'succeeded' });
  });
});

describe('the log of a staging run', () => {
  it('is that of all containers in order, as they come, and ends with the run', async () => {
    await using opened = await openBuilder();
    await opened.builder.start(opened.request());
    const lines: LogLine[] = [];
    const following = (async () => {
      for await (const line of opened.builder.logs(ID, { follow: true })) lines.push(line);
    })();
    const node = await nodeOf(opened);
    const arrived = (count: number): Promise<void> => eventually(() => assert.equal(lines.length, count));
    node.run('unpack-blob');
    node.log('unpack-blob', 'one  ');
    await arrived(1);
    node.end('unpack-blob');
    node.log('buildpack', 'too early for a container that waits');
    node.run('buildpack');
    node.log('buildpack', 'two', '');
    await arrived(4);
    node.end('buildpack');
    node.run('export');
    node.log('export', 'three');
    node.end('export');
    await node.complete('Complete');
    await following;
    assert.deepEqual(
      lines.map(({ container, message }) => `${container}: ${message}`),
      [
        'unpack-blob: one',
        'buildpack: too early for a container that waits',
        'buildpack: two',
        'buildpack: ',
        'export: three',
      ],
    );
    const [line] = lines;
    assert.deepEqual([line?.pod, line?.namespace], [node.pod.name, 'epinio']);
    assert.match(line?.timestamp ?? '', /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z$/);
  });

  it('ends at the container that fails', async () => {
    await using opened = await openBuilder();
    await opened.builder.start(opened.request());
    const following = collect(opened.builder.logs(ID, { follow: true }));
    const node = await nodeOf(opened);
    node.log('unpack-blob', 'no sources');
    node.end('unpack-blob', 30);
    await node.complete('Failed');
    assert.deepEqual(await following, ['unpack-blob: no sources']);
  });

  it('without follow is what is there', async () => {
    await using opened = await openBuilder();
    await opened.builder.start(opened.request());
    assert.deepEqual(await collect(opened.builder.logs(ID)), []);
    const node = await nodeOf(opened);
    node.log('unpack-blob', 'a', 'b');
    node.end('unpack-blob');
    node.run('buildpack');
    node.log('buildpack', 'c');
    await eventually(async () => {
      assert.deepEqual(await collect(opened.builder.logs(ID, { tailLines: 1 })), [
        'unpack-blob: b',
        'buildpack: c',
      ]);
    });
  });

  it('ends quietly when the reader goes', async () => {
    await using opened = await openBuilder();
    await opened.builder.start(opened.request());
    const stop = new AbortController();
    const following = collect(opened.builder.logs(ID, { follow: true, signal: stop.signal }));
    const node = await nodeOf(opened);
    node.run('unpack-blob');
    node.log('unpack-blob', 'a');
    stop.abort();
    assert.ok((await following).length <= 1, '(await following).length <= 1');
  });
});

describe('pruning', () => {
  it('removes the other runs of an application, and its cache with the last of them', async () => {
    await using opened = await openBuilder();
    const app = { namespace: 'workspace', name: 'sample' };
    const ids = ['aaaaaaaaaaaaaaaa', 'bbbbbbbbbbbbbbbb', 'cccccccccccccccc'];
    for (const id of ids) await opened.builder.start(opened.request({ id }));
    await opened.builder.start(
      opened.request({ id: 'dddddddddddddddd', app: { namespace: 'workspace', name: 'other' } }),
    );
    await opened.builder.prune(app, 'bbbbbbbbbbbbbbbb');
    const left = async (): Promise<readonly unknown[]> => {
      const { items } = await opened.kube.list<Job>({
        apiVersion: 'batch/v1',
        kind: 'Job',
        namespace: 'epinio',
      });
      return items.map(({ metadata }) => metadata.labels?.['epinio.io/stage-id']).sort();
    };
    assert.deepEqual(await left(), ['bbbbbbbbbbbbbbbb', 'dddddddddddddddd']);
    assert.equal((await names(opened, 'Secret')).length, 4);
    assert.equal((await names(opened, 'PersistentVolumeClaim')).length, 2);
    await opened.builder.prune(app);
    await opened.builder.prune(app);
    assert.deepEqual(await left(), ['dddddddddddddddd']);
    assert.deepEqual(await names(opened, 'PersistentVolumeClaim'), [
      resourceName('workspace', 'cache', 'other'),
    ]);
    assert.deepEqual(
      (await opened.kube.list<Pod>({ apiVersion: 'v1', kind: 'Pod', namespace: 'epinio' })).items,
      [],
    );
  });
});
