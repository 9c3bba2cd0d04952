import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parse } from 'yaml';
import { appSecretNames, templateName } from '../apps/names.ts';
import type { Deployment, EventObject, IngressObject, Secret } from '../kube/kinds.ts';
import type { App } from '../models/app.ts';
import { tarball, TestApi } from './testkit/test-api.ts';

const APPS = 'namespaces/workspace/applications';

interface Failure {
  readonly errors: { readonly status: number; readonly title: string; readonly details?: string }[];
}

describe('an application', () => {
  it('is created with the published objects, and without a workload', async () => {
    await using test = await TestApi.open();
    const body = {
      name: 'sample',
      configuration: { instances: 2, environment: { MODE: 'prod' }, routes: null },
    };
    assert.deepEqual(await test.json(201, 'POST', APPS, body), { status: 'ok' });
    const { createdAt, ...meta } = (await test.json<App>(200, 'GET', `${APPS}/sample`)).meta;
    assert.deepEqual(meta, { name: 'sample', namespace: 'workspace' });
    assert.match(createdAt ?? '', /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    const { meta: _, ...app } = await test.json<App>(200, 'GET', `${APPS}/sample`);
    assert.deepEqual(app, {
      configuration: {
        instances: 2,
        configurations: [],
        environment: { MODE: 'prod' },
        environment_grouped: { user: { MODE: 'prod' }, service: {} },
        routes: ['sample.apps.test'],
        appchart: 'standard',
      },
      origin: { Kind: 0 },
      staging: {},
      stagingstatus: '',
      status: 'created',
      statusmessage: '',
      image_url: '',
    });
    const secret = async (name: string): Promise<Secret | undefined> =>
      test.kube.get<Secret>({ apiVersion: 'v1', kind: 'Secret', namespace: 'workspace', name });
    const names = appSecretNames('sample');
    const environment = await secret(names.environment);
    assert.deepEqual(environment?.metadata.labels, {
      'app.kubernetes.io/managed-by': 'epinio',
      'app.kubernetes.io/part-of': 'workspace',
      'app.kubernetes.io/name': 'sample',
      'app.kubernetes.io/component': 'application',
      'epinio.io/area': 'environment',
    });
    assert.equal(environment.metadata.ownerReferences?.[0]?.kind, 'App');
    const scale = await secret(names.scaling);
    assert.equal(Buffer.from(scale?.data?.['desired'] ?? '', 'base64').toString(), '2');
    assert.ok(
      (await secret(names.configurations)) !== undefined,
      '(await secret(names.configurations)) !== undefined',
    );
    const events = await test.kube.list<EventObject>({
      apiVersion: 'v1',
      kind: 'Event',
      namespace: 'workspace',
    });
    assert.ok(
      events.items.some(
        ({ reason, message }) => reason === 'ScaleUp' && message === 'scaled from 1 to 2 by admin',
      ),
      "events.items.some( ({ reason, message }) => reason === 'ScaleUp' && message === 'scaled...",
    );
  });

  it('is refused with the published errors', async () => {
    await using test = await TestApi.open();
    const fails = async (status: number, body: unknown): Promise<Failure['errors']> =>
      (await test.json<Failure>(status, 'POST', APPS, body)).errors;
    const [name] = await fails(400, { name: 'Not_Valid' });
    assert.match(name?.title ?? '', /^Application's name must consist of lower case alphanumeric characters/);
    await test.json(201, 'POST', APPS, { name: 'sample' });
    assert.deepEqual(await fails(409, { name: 'sample' }), [
      { status: 409, title: "application 'sample' already exists" },
    ]);
    assert.deepEqual(await fails(404, { name: 'a', configuration: { configurations: ['x', 'y'] } }), [
      { status: 404, title: "configuration 'x' does not exist" },
      { status: 404, title: "configuration 'y' does not exist" },
    ]);
    assert.deepEqual(await fails(404, { name: 'a', configuration: { appchart: 'fancy' } }), [
      { status: 404, title: "application chart 'fancy' does not exist" },
    ]);
    const [route] = await fails(400, { name: 'a', configuration: { routes: ['not a host'] } });
    assert.match(route?.details ?? '', /^failed to parse route/);
    const [type] = await fails(400, { name: 'a', configuration: { instances: 'two' } });
    assert.match(type?.title ?? '', /"configuration.instances"/);
    const [variable] = await fails(400, { name: 'a', configuration: { environment: { 'A B': '1' } } });
    assert.match(variable?.title ?? '', /^environment variable name 'A B'/);
    const missing = await test.request('GET', `${APPS}/nope`);
    assert.equal(missing.status, 404);
    const elsewhere = await test.json<Failure>(404, 'GET', 'namespaces/nowhere/applications');
    assert.equal(elsewhere.errors[0]?.title, "namespace 'nowhere' does not exist");
  });

  it('cannot have the route of another application, nor a path on its host from elsewhere', async () => {
    await using test = await TestApi.open();
    await test.push('first');
    const taken = await test.json<Failure>(400, 'POST', APPS, {
      name: 'second',
      configuration: { routes: ['https://first.apps.test'] },
    });
    assert.deepEqual(taken.errors, [
      {
        status: 400,
        title: "route 'first.apps.test' already exists",
        details: 'route is already owned by app [first] in namespace [workspace]',
      },
    ]);
    const beside = { name: 'second', configuration: { routes: ['first.apps.test/api'] } };
    await test.json(201, 'POST', APPS, beside);
    await test.json(201, 'POST', 'namespaces', { name: 'other' });
    await test.json(400, 'POST', 'namespaces/other/applications', beside);
  });

  it('takes the route that two deployments want only once', async () => {
    await using test = await TestApi.open();
    for (const name of ['one', 'two']) {
      await test.json(201, 'POST', APPS, { name, configuration: { routes: ['shop.apps.test'] } });
    }
    const started = await Promise.all([test.startPush('one'), test.startPush('two')]);
    const [one, two] = await Promise.all([
      test.deployed('one', started[0].id),
      test.deployed('two', started[1].id),
    ]);
    assert.deepEqual([one.status, two.status].sort(), ['failed', 'succeeded']);
    const loser = one.status === 'failed' ? one : two;
    assert.match(loser.error ?? '', /^route 'shop.apps.test' already exists/);
  });
});

describe('a change of an application', () => {
  it('changes what runs: instances, routes, environment', async () => {
    await using test = await TestApi.open();
    await test.push('sample');
    await test.json(200, 'PATCH', `${APPS}/sample`, { instances: 3 });
    assert.equal((await test.json<App>(200, 'GET', `${APPS}/sample`)).deployment?.status, '3/3');

    await test.json(200, 'PATCH', `${APPS}/sample`, { routes: ['a.apps.test', 'HTTPS://B.apps.test/shop/'] });
    const { items } = await test.kube.list<IngressObject>({
      apiVersion: 'networking.k8s.io/v1',
      kind: 'Ingress',
    });
    const rules = items.flatMap(({ spec }) => spec?.rules ?? []);
    assert.deepEqual(rules.map(({ host, http }) => `${host ?? ''}${http?.paths[0]?.path ?? ''}`).sort(), [
      'a.apps.test/',
      'b.apps.test/shop',
    ]);
    const tls = {
      apiVersion: 'v1',
      kind: 'Secret',
      namespace: 'workspace',
      name: templateName('sample-sample.apps.test-tls'),
    };
    assert.equal(await test.kube.get(tls), undefined, 'the certificate of a withdrawn route goes too');
    const app = await test.json<App>(200, 'GET', `${APPS}/sample`);
    assert.deepEqual(app.urls, ['https://a.apps.test:8443', 'https://b.apps.test:8443/shop']);

    await test.json(200, 'PATCH', `${APPS}/sample`, { routes: [] });
    assert.deepEqual((await test.json<App>(200, 'GET', `${APPS}/sample`)).configuration.routes, []);
    await test.json(200, 'PATCH', `${APPS}/sample`, { environment: { A: '1', B: '2' } });
    await test.json(200, 'PATCH', `${APPS}/sample`, { environment: { C: '3' }, replace_env: true });
    assert.deepEqual(await test.json(200, 'GET', `${APPS}/sample/environment`), { C: '3' });
    await test.json(200, 'PATCH', `${APPS}/sample`, { environment: {}, replace_env: true });
    assert.deepEqual(
      await test.json(200, 'GET', `${APPS}/sample/environment`),
      { C: '3' },
      'published: {} is no change',
    );
  });

  it('is only stored when no restart is wanted, or nothing was deployed yet', async () => {
    await using test = await TestApi.open();
    await test.json(201, 'POST', APPS, { name: 'sample' });
    await test.json(200, 'PATCH', `${APPS}/sample`, { instances: 2 });
    await test.push('sample');
    const generation = async (): Promise<number | undefined> =>
      (
        await test.kube.get<Deployment>({
          apiVersion: 'apps/v1',
          kind: 'Deployment',
          namespace: 'workspace',
          name: templateName('sample'),
        })
      )?.metadata.generation;
    const before = await generation();
    await test.json(200, 'PATCH', `${APPS}/sample`, { environment: { A: '1' }, restart: false });
    await test.json(200, 'PATCH', `${APPS}/sample`, {});
    assert.equal(await generation(), before);
    assert.equal((await test.json<App>(200, 'GET', `${APPS}/sample`)).configuration.instances, 2);
  });

  it('is refused with the published errors', async () => {
    await using test = await TestApi.open();
    await test.push('sample');
    const fails = async (status: number, body: unknown): Promise<string | undefined> =>
      (await test.json<Failure>(status, 'PATCH', `${APPS}/sample`, body)).errors[0]?.title;
    assert.equal(
      await fails(400, { instances: -1 }),
      'instances param should be integer equal or greater than zero',
    );
    assert.equal(await fails(400, { appchart: 'fancy' }), 'unable to change app chart of active application');
    assert.equal(await fails(400, { settings: { nope: '1' } }), 'setting "nope": not known');
    assert.equal(
      await fails(400, { settings: { appListeningPort: 'x' } }),
      'setting "appListeningPort": expected integer, got "x"',
    );
    assert.equal(await fails(404, { configurations: ['x'] }), "configuration 'x' does not exist");
    await test.json(201, 'POST', APPS, {
      name: 'idle',
      configuration: { settings: { nope: '1', appListeningPort: '99999' } },
    });
    const idle = await test.json<Failure>(500, 'PATCH', `${APPS}/idle`, { appchart: 'fancy' });
    assert.equal(idle.errors[0]?.title, "application chart 'fancy' does not exist", 'published so, with 500');
    const settings = await test.json<Failure>(400, 'GET', `${APPS}/idle/validate-cv`);
    assert.deepEqual(
      settings.errors.map(({ title }) => title),
      ['setting "appListeningPort": out of bounds, "99999" too large', 'setting "nope": not known'],
    );
    assert.deepEqual(await test.json(200, 'GET', `${APPS}/sample/validate-cv`), { status: 'ok' });
  });

  it('scales to zero and back, and restarts on request', async () => {
    await using test = await TestApi.open();
    await test.push('sample');
    await test.json(200, 'PATCH', `${APPS}/sample`, { instances: 0 });
    const idle = await test.json<App>(200, 'GET', `${APPS}/sample`);
    assert.equal(idle.status, 'created');
    assert.equal(idle.deployment, undefined);
    const restart = await test.json<Failure>(400, 'POST', `${APPS}/sample/restart`);
    assert.equal(restart.errors[0]?.title, 'No restart possible for an application with no instances');
    const running = await test.json<Failure>(400, 'GET', `${APPS}/sample/running`);
    assert.equal(running.errors[0]?.title, 'no status available for application without workload');
    await test.json(200, 'PATCH', `${APPS}/sample`, { instances: 1 });
    assert.deepEqual(await test.json(200, 'GET', `${APPS}/sample/running`), { status: 'ok' });
    const podOf = async (): Promise<string | undefined> =>
      Object.keys((await test.json<App>(200, 'GET', `${APPS}/sample`)).deployment?.replicas ?? {})[0];
    const before = await podOf();
    assert.deepEqual(await test.json(200, 'POST', `${APPS}/sample/restart`), { status: 'ok' });
    const after = await podOf();
    assert.notEqual(after, before);
    await test.json(200, 'PATCH', `${APPS}/sample`, { routes: ['b.apps.test'] });
    assert.equal(await podOf(), after, 'a change of routes starts nothing anew');
  });

  it('tells why what runs could not be brought up to it', async () => {
    await using test = await TestApi.open();
    const { stage_id: stageId = '' } = await test.push('sample');
    test.cluster.set(stageId, 'crashes');
    const failed = await test.json<Failure>(500, 'POST', `${APPS}/sample/environment`, { BAD: '1' });
    assert.match(failed.errors[0]?.title ?? '', /did not come up: the application ended with exit code 3/);
    assert.match(failed.errors[0]?.details ?? '', /TypeError: boom/);
  });
});

describe('environment', () => {
  it('is set, shown, matched, grouped and unset', async () => {
    await using test = await TestApi.open();
    await test.json(201, 'POST', APPS, { name: 'sample' });
    const path = `${APPS}/sample/environment`;
    assert.deepEqual(await test.json(200, 'POST', path, { MODE: 'prod', MOOD: 'ünïcode\nlines' }), {
      status: 'ok',
    });
    assert.deepEqual(await test.json(200, 'GET', path), { MODE: 'prod', MOOD: 'ünïcode\nlines' });
    assert.deepEqual(await test.json(200, 'GET', `${path}?grouped=true`), {
      user: { MODE: 'prod', MOOD: 'ünïcode\nlines' },
      service: {},
    });
    assert.deepEqual(await test.json(200, 'GET', `${path}/MODE`), { name: 'MODE', value: 'prod' });
    assert.deepEqual(await test.json(200, 'GET', `${path}/NOPE`), { name: '', value: '' });
    assert.deepEqual(await test.json(200, 'GET', `${APPS}/sample/environmentmatch/MO`), {
      names: ['MODE', 'MOOD'],
    });
    assert.deepEqual(await test.json(200, 'GET', `${APPS}/sample/environmentmatch/X`), {});
    assert.deepEqual(await test.json(200, 'DELETE', `${path}/MODE`), { status: 'ok' });
    assert.deepEqual(
      await test.json(200, 'DELETE', `${path}/MODE`),
      { status: 'ok' },
      'unknown names are no error',
    );
    assert.deepEqual(await test.json(200, 'GET', path), { MOOD: 'ünïcode\nlines' });
    await test.json(404, 'GET', `${APPS}/nope/environment`);
  });
});

describe('deleting an application', () => {
  it('leaves nothing of it, and images only unless asked', async () => {
    await using test = await TestApi.open();
    const { stage_id: stageId = '' } = await test.push('sample');
    await test.push('other');
    const answer = await test.json(200, 'DELETE', `${APPS}?applications[]=sample`, { deleteImage: true });
    assert.deepEqual(answer, { unboundconfigurations: [] });
    await test.json(404, 'GET', `${APPS}/sample`);
    assert.deepEqual(test.registry.deleted, [`apps/workspace-sample:${stageId}`]);
    assert.equal(test.storage.blobs.size, 1, "the other application's");
    const kinds = ['Deployment', 'ReplicaSet'].map((kind) => ({
      apiVersion: 'apps/v1',
      kind,
      namespace: 'workspace',
    }));
    const others = ['Secret', 'Service', 'Pod'].map((kind) => ({
      apiVersion: 'v1',
      kind,
      namespace: 'workspace',
    }));
    for (const ref of [...kinds, ...others]) {
      const { items } = await test.kube.list(ref, { labelSelector: 'app.kubernetes.io/name=sample' });
      assert.deepEqual(
        items.map(({ metadata }) => metadata.name),
        [],
        ref.kind,
      );
    }
    // Without a body, and again.
    assert.deepEqual(await test.json(200, 'DELETE', `${APPS}/other`), { unboundconfigurations: [] });
    const gone = await test.json<Failure>(404, 'DELETE', `${APPS}/other`);
    assert.equal(gone.errors[0]?.title, "application 'other' does not exist");
  });

  it('ends a push that is under way', async () => {
    await using test = await TestApi.open();
    test.builder.automatic = false;
    await test.startPush('sample');
    await test.json(200, 'DELETE', `${APPS}/sample`);
    assert.equal(test.builder.runs.size, 0);
    test.builder.automatic = true;
    const done = await test.push('sample', tarball('v2'));
    assert.equal(done.status, 'succeeded', done.error);
  });

  it('says what could not be removed beside it', async () => {
    await using test = await TestApi.open();
    await test.push('sample');
    test.registry.delete = () => Promise.reject(new Error('registry is read-only'));
    const { warnings = [] } = await test.json<{ warnings?: string[] }>(200, 'DELETE', `${APPS}/sample`, {
      deleteImage: true,
    });
    assert.match(warnings[0] ?? '', /could not be removed: registry is read-only$/);
  });
});

describe('the manifest of an application', () => {
  it('can be pushed again', async () => {
    await using test = await TestApi.open();
    await test.push('sample');
    await test.json(200, 'PATCH', `${APPS}/sample`, { environment: { MODE: 'prod' }, routes: [] });
    const response = await test.request('GET', `${APPS}/sample/part/manifest`);
    assert.equal(response.status, 200);
    assert.deepEqual(parse(await response.text()), {
      name: 'sample',
      configuration: { instances: 1, environment: { MODE: 'prod' }, routes: [], appchart: 'standard' },
      origin: { path: '/home/me/app' },
      staging: {},
      namespace: 'workspace',
    });
    const unknown = await test.json<Failure>(400, 'GET', `${APPS}/sample/part/nope`);
    assert.equal(
      unknown.errors[0]?.title,
      "unknown 'nope' part, expected chart, manifest, image, values, or archive",
    );
    await test.json(201, 'POST', APPS, { name: 'idle' });
    const idle = await test.json<Failure>(400, 'GET', `${APPS}/idle/part/chart`);
    assert.equal(idle.errors[0]?.title, 'no chart available for application without workload');
  });
});
