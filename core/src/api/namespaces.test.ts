import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ServiceAccount } from '../kube/kinds.ts';
import { eventually } from '../testkit/eventually.ts';
import { HttpApi } from './testkit/http-api.ts';
import { ADMIN, tarball, TestApi } from './testkit/test-api.ts';

interface Failure {
  readonly errors: { readonly status: number; readonly title: string }[];
}

describe('namespaces', () => {
  it('are Kubernetes namespaces in the mesh, with an account that can pull images', async () => {
    await using test = await TestApi.open();
    assert.deepEqual(await test.json(201, 'POST', 'namespaces', { name: 'team' }), { status: 'ok' });
    const namespace = await test.kube.get({ apiVersion: 'v1', kind: 'Namespace', name: 'team' });
    assert.equal(namespace?.metadata.labels?.['app.kubernetes.io/component'], 'epinio-namespace');
    assert.equal(namespace.metadata.labels['sync.test/target'], 'registry-creds');
    assert.equal(namespace.metadata.annotations?.['mesh.test/inject'], 'enabled');
    const account = await test.kube.get<ServiceAccount>({
      apiVersion: 'v1',
      kind: 'ServiceAccount',
      namespace: 'team',
      name: 'team',
    });
    assert.deepEqual(account?.imagePullSecrets, [{ name: 'registry-creds' }]);
    assert.equal(account.automountServiceAccountToken, false, 'no application has a token of the cluster');
  });

  it('are made to the end, also when the client has gone', async () => {
    await using http = await HttpApi.open();
    const { kube } = http.test;
    const apply = kube.apply.bind(kube);
    let proceed: () => void = () => undefined;
    const held = new Promise<void>((resolve) => (proceed = resolve));
    kube.apply = async (object, options) => {
      await held;
      return apply(object, options);
    };
    const client = new AbortController();
    const answer = fetch(`${http.url}/api/v1/namespaces`, {
      method: 'POST',
      headers: { authorization: ADMIN },
      body: JSON.stringify({ name: 'team' }),
      signal: client.signal,
    });
    await eventually(async () => {
      const namespace = { apiVersion: 'v1', kind: 'Namespace', name: 'team' };
      assert.notEqual(await kube.get(namespace), undefined);
    });
    client.abort();
    await assert.rejects(answer);
    proceed();
    const account = { apiVersion: 'v1', kind: 'ServiceAccount', namespace: 'team', name: 'team' };
    await eventually(async () => assert.notEqual(await kube.get(account), undefined));
  });

  it('are refused with the published errors', async () => {
    await using test = await TestApi.open();
    const create = (body: unknown): Promise<Response> => test.request('POST', 'namespaces', body);
    const title = async (response: Response): Promise<[number, string]> => {
      const { errors } = (await response.json()) as Failure;
      return [response.status, errors[0]?.title ?? ''];
    };
    assert.deepEqual(await title(await create({})), [400, 'name of namespace to create not found']);
    const [status, text] = await title(await create({ name: 'Bad_Name' }));
    assert.equal(status, 400);
    assert.match(text, /^Namespace's name must consist of lower case alphanumeric characters/);
    assert.deepEqual(await title(await create({ name: 'workspace' })), [
      409,
      "namespace 'workspace' already exists",
    ]);
    const foreign = await title(await create({ name: 'kube-system' }));
    assert.deepEqual(foreign, [500, "Namespace 'kube-system' name cannot be used. Please try another name"]);
    const unreadable = await create('{');
    assert.equal(unreadable.headers.get('content-type'), 'text/plain; charset=utf-8', 'published so');
    assert.equal(unreadable.status, 400);
    assert.deepEqual(await title(await create('')), [400, 'EOF']);
  });

  it('are listed, shown, matched and paged', async () => {
    await using test = await TestApi.open();
    for (const name of ['alpha', 'beta']) await test.json(201, 'POST', 'namespaces', { name });
    await test.json(201, 'POST', 'namespaces/alpha/applications', { name: 'one' });
    const list = await test.json<{ meta: { name: string; createdAt: string }; apps?: string[] }[]>(
      200,
      'GET',
      'namespaces',
    );
    assert.deepEqual(
      list.map(({ meta }) => meta.name),
      ['alpha', 'beta', 'workspace'],
    );
    assert.deepEqual(list[0]?.apps, ['one']);
    assert.ok(!('apps' in (list[1] ?? {})), 'left out when empty');
    assert.deepEqual(await test.json(200, 'GET', 'namespacematches/a'), { names: ['alpha'] });
    assert.deepEqual(await test.json(200, 'GET', 'namespacematches'), {
      names: ['alpha', 'beta', 'workspace'],
    });
    assert.deepEqual(await test.json(200, 'GET', 'namespacematches/zzz'), {});
    const page = await test.json<Record<string, unknown>>(200, 'GET', 'namespaces?page=2&pageSize=2');
    assert.equal(page['totalPages'], 2);
    assert.equal((page['items'] as unknown[]).length, 1);
    const beyond = await test.json<Record<string, unknown>>(200, 'GET', 'namespaces?page=9&pageSize=2');
    assert.deepEqual(beyond, { items: [], page: 9, pageSize: 2, totalItems: 3, totalPages: 2 });
    const found = await test.json<unknown[]>(200, 'GET', 'namespaces?search=ET');
    assert.equal(found.length, 1);
    const one = await test.json<{ meta: { name: string } }>(200, 'GET', 'namespaces/alpha');
    assert.equal(one.meta.name, 'alpha');
  });

  it('go with all that is in them', async () => {
    await using test = await TestApi.open();
    await test.push('sample', tarball('v1'));
    assert.deepEqual(await test.json(200, 'DELETE', 'namespaces/workspace'), { status: 'ok' });
    assert.equal(test.storage.blobs.size, 0);
    assert.equal(test.builder.runs.size, 0);
    assert.deepEqual(await test.json(200, 'GET', 'namespaces'), []);
    const again = await test.request('DELETE', 'namespaces?namespaces[]=workspace');
    assert.equal(again.status, 404);
  });
});
