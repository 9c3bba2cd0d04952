import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { templateName } from '../apps/names.ts';
import type { Deployment, IngressObject } from '../kube/kinds.ts';
import type { App } from '../models/app.ts';
import type { AsyncDeployStatus } from '../models/deployment.ts';
import { eventually } from '../testkit/eventually.ts';
import { FakeKube } from '../testkit/fake-kube.ts';
import { MemoryBuilder } from './testkit/memory-builder.ts';
import { tarball, TestApi } from './testkit/test-api.ts';

const SAMPLE = 'namespaces/workspace/applications/sample';

async function deploymentOf(test: TestApi, app = 'sample'): Promise<Deployment | undefined> {
  const ref = { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'workspace', name: templateName(app) };
  return test.kube.get<Deployment>(ref);
}

async function ingressHosts(test: TestApi): Promise<(string | undefined)[]> {
  const { items } = await test.kube.list<IngressObject>({
    apiVersion: 'networking.k8s.io/v1',
    kind: 'Ingress',
  });
  return items.flatMap(({ spec }) => (spec?.rules ?? []).map(({ host }) => host)).sort();
}

function imageOf(deployment: Deployment | undefined): string | undefined {
  return deployment?.spec.template.spec.containers[0]?.image;
}

describe('a push', () => {
  it('takes sources to a running application', async () => {
    await using test = await TestApi.open();
    const done = await test.push('sample');
    assert.equal(done.status, 'succeeded', done.error);
    assert.match(done.stage_id ?? '', /^[0-9a-f]{16}$/);
    assert.deepEqual(done.app, { name: 'sample', namespace: 'workspace', createdAt: null });
    assert.deepEqual(done.routes, ['sample.apps.test']);
    assert.deepEqual(done.urls, ['https://sample.apps.test:8443']);
    assert.match(done.startedAt ?? '', /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);

    const app = await test.json<App>(200, 'GET', SAMPLE);
    assert.equal(app.status, 'running');
    assert.equal(app.stagingstatus, 'done');
    assert.equal(app.deployment?.status, '1/1');
    assert.equal(app.deployment.stage_id, done.stage_id);
    assert.equal(app.image_url, `registry.test/apps/workspace-sample:${done.stage_id ?? ''}`);
    assert.deepEqual(app.origin, { Kind: 1, path: '/home/me/app' });
    assert.deepEqual(app.urls, ['https://sample.apps.test:8443']);
  });

  it('makes the published objects, with requests kept safe during a rollout', async () => {
    await using test = await TestApi.open();
    const { stage_id: stageId = '' } = await test.push('sample');
    const deployment = await deploymentOf(test);
    assert.ok(deployment !== undefined, 'deployment !== undefined');
    assert.deepEqual(deployment.spec.selector, { matchLabels: { 'app.kubernetes.io/name': 'sample' } });
    assert.deepEqual(deployment.spec.strategy?.rollingUpdate, { maxUnavailable: 0, maxSurge: 1 });
    const { metadata, spec } = deployment.spec.template;
    assert.deepEqual(metadata?.labels, {
      'app.kubernetes.io/managed-by': 'epinio',
      'app.kubernetes.io/part-of': 'workspace',
      'app.kubernetes.io/name': 'sample',
      'app.kubernetes.io/component': 'application',
      'epinio.io/stage-id': stageId,
      'epinio.io/app-container': templateName('sample'),
    });
    assert.equal(spec.serviceAccountName, 'workspace');
    const [container] = spec.containers;
    assert.equal(
      container?.image,
      `127.0.0.1:30500/apps/workspace-sample:${stageId}`,
      'nodes pull by their name',
    );
    assert.deepEqual(container.env, [{ name: 'PORT', value: '8080' }]);
    assert.deepEqual(container.readinessProbe?.tcpSocket, { port: 8080 });
    assert.ok(
      (container.lifecycle?.preStop?.sleep?.seconds ?? 0) > 0,
      '(container.lifecycle?.preStop?.sleep?.seconds ?? 0) > 0',
    );
    assert.deepEqual(await ingressHosts(test), ['sample.apps.test']);
  });

  it('gives the build the environment, the previous image and the published labels', async () => {
    await using test = await TestApi.open();
    const first = await test.push('sample', tarball('v1'));
    await test.json(200, 'PATCH', SAMPLE, { environment: { MODE: 'prod' }, restart: false });
    const second = await test.push('sample', tarball('v2'));
    const run = test.builder.runs.get(second.stage_id ?? '');
    assert.deepEqual(run?.request.environment, { MODE: 'prod' });
    assert.equal(run.request.previousImage, first.image);
    assert.equal(run.request.labels['app.kubernetes.io/component'], 'staging');
    assert.equal(run.request.labels['epinio.io/stage-id'], second.stage_id);
    assert.equal(run.request.labels['epinio.io/previous-stage-id'], first.stage_id);
    assert.equal(run.request.annotations['mesh.test/inject'], 'disabled', 'builds stay out of the mesh');
    assert.equal(test.builder.runs.has(first.stage_id ?? ''), false, 'earlier runs are removed');
    assert.equal(test.storage.blobs.size, 1, 'earlier sources are removed');
  });

  it('deploys an image without building', async () => {
    await using test = await TestApi.open();
    await test.json(201, 'POST', 'namespaces/workspace/applications', { name: 'sample' });
    const { id } = await test.json<AsyncDeployStatus>(202, 'POST', `${SAMPLE}/deployments`, {
      app: { name: 'sample', namespace: 'workspace', createdAt: null },
      image: 'docker.io/library/nginx:1',
      origin: { Kind: 3, container: 'docker.io/library/nginx:1' },
    });
    const done = await test.deployed('sample', id);
    assert.equal(done.status, 'succeeded', done.error);
    assert.equal(done.stage_id, undefined);
    assert.equal(imageOf(await deploymentOf(test)), 'docker.io/library/nginx:1');
    assert.equal(test.builder.starts, 0);
  });

  it('is refused while another one of the application is being staged, and nothing is mixed', async () => {
    await using test = await TestApi.open();
    test.builder.automatic = false;
    const first = await test.startPush('sample', tarball('v1'));
    const blobuid = await test.upload('sample', tarball('v2'));
    const answer = await test.json<{ errors: { title: string }[] }>(400, 'POST', `${SAMPLE}/deployments`, {
      app: { name: 'sample', namespace: 'workspace' },
      blobuid,
      origin: {},
    });
    assert.equal(answer.errors[0]?.title, 'staging job for image ID still running');
    const run = await eventually(() => {
      const [only] = test.builder.runs.keys();
      assert.ok(only !== undefined, 'only !== undefined');
      return only;
    });
    assert.equal((await test.json<App>(200, 'GET', SAMPLE)).status, 'staging');
    test.builder.end(run, { phase: 'succeeded' });
    const done = await test.deployed('sample', first.id);
    assert.equal(done.status, 'succeeded', done.error);
    assert.equal(done.stage_id, run);
  });

  it('uses the image again when sources, builder and environment are unchanged', async () => {
    await using test = await TestApi.open();
    const first = await test.push('sample', tarball('v1'));
    const again = await test.push('sample', tarball('v1'));
    assert.equal(again.status, 'succeeded', again.error);
    assert.equal(again.reused, true);
    assert.equal(again.stage_id, first.stage_id, 'the log of the run that made the image can be had');
    assert.equal(test.builder.starts, 1);
    assert.equal(test.storage.blobs.size, 1);

    const other = await test.push('sample', tarball('v2'));
    assert.notEqual(other.stage_id, first.stage_id);
    await test.json(200, 'POST', `${SAMPLE}/environment`, { MODE: 'prod' });
    const withOther = await test.push('sample', tarball('v2'));
    assert.notEqual(withOther.stage_id, other.stage_id, 'the environment is an input of the build');
    const asked = await test.push('sample', tarball('v2'), { restage: true });
    assert.notEqual(asked.stage_id, withOther.stage_id);
  });
});

describe('a push that fails', () => {
  it('leaves the old version serving when the build fails, and says why', async () => {
    await using test = await TestApi.open();
    const good = await test.push('sample', tarball('v1'));
    test.builder.automatic = false;
    const { id } = await test.startPush('sample', tarball('v2'));
    const stageId = await eventually(() => {
      const found = [...test.builder.runs.keys()].find((run) => run !== good.stage_id);
      assert.ok(found !== undefined, 'found !== undefined');
      return found;
    });
    test.builder.end(stageId, { phase: 'failed', message: 'npm ci failed', lastLines: ['npm error 404'] });
    const failed = await test.deployed('sample', id);
    assert.equal(failed.status, 'failed');
    assert.match(failed.error ?? '', /^Failed to stage: npm ci failed\n/);
    assert.match(failed.error ?? '', /npm error 404/);
    const app = await test.json<App>(200, 'GET', SAMPLE);
    assert.equal(app.status, 'running');
    assert.equal(app.stagingstatus, 'failed');
    assert.equal(app.statusmessage, 'Failed to stage: npm ci failed');
    assert.equal(app.image_url, good.image);
    assert.equal(app.stage_id, stageId, 'the last run, so that its log can be found');
    assert.equal(app.deployment?.stage_id, good.stage_id);
  });

  it('goes back to the old version when the new one crashes, with its last log lines', async () => {
    await using test = await TestApi.open();
    const good = await test.push('sample', tarball('v1'));
    const before = await deploymentOf(test);
    test.builder.automatic = false;
    const { id } = await test.startPush('sample', tarball('v2'));
    const stageId = await eventually(() => {
      const found = [...test.builder.runs.keys()].find((run) => run !== good.stage_id);
      assert.ok(found !== undefined, 'found !== undefined');
      return found;
    });
    test.cluster.set(stageId, 'crashes');
    test.builder.end(stageId, { phase: 'succeeded' });
    const failed = await test.deployed('sample', id);
    assert.equal(failed.status, 'failed');
    assert.match(
      failed.error ?? '',
      /application 'sample' did not come up: the application ended with exit code 3/,
    );
    assert.match(failed.error ?? '', /TypeError: boom/);
    const after = await deploymentOf(test);
    assert.deepEqual(after?.spec.template, before?.spec.template);
    const app = await test.json<App>(200, 'GET', SAMPLE);
    assert.equal(app.status, 'running');
    assert.equal(app.image_url, good.image);
    assert.equal(app.deployment?.stage_id, good.stage_id);
    assert.match(app.statusmessage, /did not come up/);
    // What comes next starts from the version that serves, not from the one that failed.
    await test.json(200, 'POST', `${SAMPLE}/environment`, { MODE: 'prod' });
    assert.equal(imageOf(await deploymentOf(test)), imageOf(before));
    assert.equal((await test.json<App>(200, 'GET', SAMPLE)).statusmessage, '');
  });

  it('leaves a first deployment that fails as an error, with nothing half-made', async () => {
    await using test = await TestApi.open();
    test.builder.automatic = false;
    const { id } = await test.startPush('sample');
    const stageId = await eventually(() => {
      const [found] = test.builder.runs.keys();
      assert.ok(found !== undefined, 'found !== undefined');
      return found;
    });
    test.cluster.set(stageId, 'silent');
    test.builder.end(stageId, { phase: 'succeeded' });
    const failed = await test.deployed('sample', id);
    assert.match(failed.error ?? '', /nothing listens on the port in its variable PORT/);
    const app = await test.json<App>(200, 'GET', SAMPLE);
    assert.equal(app.status, 'error');
    assert.equal(app.stagingstatus, 'done');
    assert.equal(app.deployment, undefined);
    assert.equal(await deploymentOf(test), undefined);
    assert.deepEqual(await ingressHosts(test), []);
    // The image is there: once the cause is mended, it can be started without another push.
    test.cluster.set(stageId, 'serves');
    await test.json(200, 'POST', `${SAMPLE}/restart`);
    assert.equal((await test.json<App>(200, 'GET', SAMPLE)).status, 'running');
  });
});

describe('a server that is killed', () => {
  it('in the middle of staging: the next one goes on with the same run', async () => {
    const kube = new FakeKube({ namespaces: ['epinio'] });
    const builder = new MemoryBuilder();
    builder.automatic = false;
    const first = await TestApi.open({ builder });
    const shared = { kube: first.kube, storage: first.storage, builder };
    const { id } = await first.startPush('sample');
    const stageId = await eventually(() => {
      const [found] = builder.runs.keys();
      assert.ok(found !== undefined, 'found !== undefined');
      return found;
    });
    await first[Symbol.asyncDispose]();
    await using second = await TestApi.open(shared);
    const path = `${SAMPLE}/deployments/${id}`;
    assert.equal((await second.json<AsyncDeployStatus>(200, 'GET', path)).status, 'staging');
    builder.end(stageId, { phase: 'succeeded' });
    const done = await second.deployed('sample', id);
    assert.equal(done.status, 'succeeded', done.error);
    assert.equal(done.stage_id, stageId);
    assert.equal(builder.runs.size, 1);
    await kube[Symbol.asyncDispose]();
  });

  it('in the middle of staging: a push that is repeated replaces the one that was cut', async () => {
    const builder = new MemoryBuilder();
    builder.automatic = false;
    const first = await TestApi.open({ builder });
    const { id } = await first.startPush('sample', tarball('v1'));
    const stageId = await eventually(() => {
      const [found] = builder.runs.keys();
      assert.ok(found !== undefined, 'found !== undefined');
      return found;
    });
    await first[Symbol.asyncDispose]();
    await using second = await TestApi.open({ kube: first.kube, storage: first.storage, builder });
    await eventually(() => {
      assert.equal(
        second.api.platform.deployments.get({ namespace: 'workspace', name: 'sample' }, id).resumed,
        true,
      );
    });
    builder.automatic = true;
    const done = await second.push('sample', tarball('v1'));
    assert.equal(done.status, 'succeeded', done.error);
    assert.notEqual(done.stage_id, stageId);
    const cut = await second.json<AsyncDeployStatus>(200, 'GET', `${SAMPLE}/deployments/${id}`);
    assert.deepEqual([cut.status, cut.error], ['failed', 'a newer push came instead']);
  });

  it('in the middle of a rollout: the next one finishes it, or goes back', async () => {
    const first = await TestApi.open();
    const good = await first.push('sample', tarball('v1'));
    first.builder.automatic = false;
    const { id } = await first.startPush('sample', tarball('v2'));
    const stageId = await eventually(() => {
      const found = [...first.builder.runs.keys()].find((run) => run !== good.stage_id);
      assert.ok(found !== undefined, 'found !== undefined');
      return found;
    });
    // Neither serves nor fails: the rollout is under way when the server goes.
    first.cluster.set(stageId, 'starting');
    first.builder.end(stageId, { phase: 'succeeded' });
    await eventually(async () => {
      const status = await first.json<AsyncDeployStatus>(200, 'GET', `${SAMPLE}/deployments/${id}`);
      assert.equal(status.status, 'deploying');
      assert.match(imageOf(await deploymentOf(first)) ?? '', new RegExp(`${stageId}$`));
    });
    await first[Symbol.asyncDispose]();
    await using second = await TestApi.open({
      kube: first.kube,
      storage: first.storage,
      builder: first.builder,
    });
    second.cluster.set(stageId, 'crashes');
    await second.cluster.retry('workspace', templateName('sample'));
    const failed = await second.deployed('sample', id);
    assert.match(failed.error ?? '', /did not come up/);
    assert.match(imageOf(await deploymentOf(second)) ?? '', new RegExp(`${good.stage_id ?? ''}$`));
  });
});
