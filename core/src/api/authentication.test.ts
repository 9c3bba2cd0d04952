import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FakeClock } from '../testkit/fake-clock.ts';
import { eventually } from '../testkit/eventually.ts';
import type { Secret } from '../kube/kinds.ts';
import { HOST, TestApi } from './testkit/test-api.ts';

function basic(user: string, password: string): Record<string, string> {
  return { authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}` };
}

async function titleOf(response: Response): Promise<[number, string]> {
  const { errors } = (await response.json()) as { errors: { status: number; title: string }[] };
  return [response.status, errors[0]?.title ?? ''];
}

describe('authentication', () => {
  it('answers with the published statuses and titles', async () => {
    await using test = await TestApi.open();
    await test.addUser('twice', 'a', ['admin']);
    await test.addUser('twice', 'a', ['admin']);
    const cases: readonly (readonly [Record<string, string>, number, string])[] = [
      [{ authorization: '' }, 401, 'missing credentials'],
      [{ authorization: 'Digest abc' }, 401, 'not supported Authorization Header'],
      [{ authorization: 'Basic !!!' }, 500, "Couldn't extract user or password from the auth header"],
      [basic('nobody', 'x'), 401, 'user not found'],
      [basic('twice', 'a'), 401, 'user is defined multiple times'],
      [basic('admin', 'wrong'), 401, 'wrong user or password'],
    ];
    for (const [headers, status, title] of cases) {
      const response = await test.request('GET', 'namespaces', undefined, headers);
      assert.equal(response.headers.get('epinio-version'), null, 'published: only after authentication');
      assert.deepEqual(await titleOf(response), [status, title]);
    }
    const fine = await test.request('GET', 'namespaces');
    assert.equal(fine.status, 200);
    assert.equal(fine.headers.get('epinio-version'), 'v0.1.0');
  });

  it('refuses users who are not administrators, but tells them who they are', async () => {
    await using test = await TestApi.open();
    await test.addUser('dev', 'pass', ['user', 'admin:workspace']);
    const dev = basic('dev', 'pass');
    assert.deepEqual(await titleOf(await test.request('GET', 'namespaces', undefined, dev)), [
      403,
      'user unauthorized',
    ]);
    assert.deepEqual(await titleOf(await test.request('GET', 'namespaces/nowhere', undefined, dev)), [
      404,
      "namespace 'nowhere' does not exist",
    ]);
    const me = await test.request('GET', 'me', undefined, dev);
    assert.equal(me.status, 200);
    assert.equal(((await me.json()) as { user: string }).user, 'dev');
    assert.deepEqual(await (await test.request('GET', 'me')).json(), {
      user: 'admin',
      roles: [{ id: 'admin', name: 'Admin Role', namespace: '', default: false }],
    });
  });

  it('accepts a changed password at once, and the old one no longer', async () => {
    await using test = await TestApi.open();
    assert.equal((await test.request('GET', 'namespaces')).status, 200);
    const [secret] = test.api.platform.caches.users.list();
    const other = (await test.kube.list<Secret>({ apiVersion: 'v1', kind: 'Secret', namespace: 'epinio' }))
      .items;
    assert.ok(secret !== undefined && other.length > 0, 'secret !== undefined && other.length > 0');
    await test.kube.delete({
      apiVersion: 'v1',
      kind: 'Secret',
      namespace: 'epinio',
      name: secret.metadata.name,
    });
    await test.addUser('admin', 'new', ['admin']);
    await eventually(async () => {
      assert.equal((await test.request('GET', 'namespaces', undefined, basic('admin', 'new'))).status, 200);
    });
    assert.equal((await test.request('GET', 'namespaces')).status, 401);
  });

  it('makes guessing slow, without locking out those who know', async () => {
    const clock = new FakeClock();
    await using test = await TestApi.open({ clock });
    const from = { 'x-forwarded-for': '203.0.113.7' };
    const guess = (): Promise<Response> =>
      test.request('GET', 'namespaces', undefined, { ...basic('admin', 'guess'), ...from });
    for (let attempt = 0; attempt < 5; attempt++) assert.equal((await guess()).status, 401);
    const refused = await guess();
    assert.equal(refused.status, 429);
    assert.equal(refused.headers.get('retry-after'), '1');
    const right = { ...basic('admin', 'pass'), ...from };
    assert.equal(
      (await test.request('GET', 'namespaces', undefined, right)).status,
      429,
      'from there, nobody is let in',
    );
    assert.equal(
      (await test.request('GET', 'namespaces')).status,
      200,
      'from elsewhere, it counts for nothing',
    );
    assert.equal(
      (await test.request('GET', 'namespaces', undefined, right)).status,
      200,
      'known to be right meanwhile',
    );
    await clock.advance(1_000);
    assert.equal((await guess()).status, 401);
    assert.equal((await guess()).headers.get('retry-after'), '2', 'each further failure doubles the time');
  });
});

describe('the edge', () => {
  it('serves its own host and loopback with its port, and no other', async () => {
    await using test = await TestApi.open();
    test.api.listensOn(8030);
    const status = async (headers: Record<string, string>): Promise<number> =>
      (await test.request('GET', 'info', undefined, headers)).status;
    for (const host of [
      HOST,
      `${HOST}:8443`,
      'EPINIO.apps.test',
      '127.0.0.1:8030',
      'localhost:8030',
      '[::1]:8030',
    ]) {
      assert.equal(await status({ host }), 200, host);
    }
    for (const host of [
      'evil.example',
      '127.0.0.1',
      '127.0.0.1:9999',
      `${HOST}.evil.example`,
      'localhost:8443',
      '',
    ]) {
      assert.equal(await status({ host }), 421, host);
    }
    assert.equal(await status({ origin: `https://${HOST}:8443` }), 200);
    for (const origin of ['https://evil.example', 'null', `file://${HOST}`])
      assert.equal(await status({ origin }), 403, origin);
  });

  it('answers preflight requests of allowed origins only', async () => {
    await using test = await TestApi.open({ allowedOrigins: ['https://ui.example/'] });
    const ask = (origin: string): Promise<Response> =>
      test.request('OPTIONS', 'namespaces', undefined, { origin });
    const allowed = await ask('https://ui.example');
    assert.equal(allowed.status, 204);
    assert.equal(allowed.headers.get('access-control-allow-origin'), 'https://ui.example');
    assert.equal(
      allowed.headers.get('access-control-allow-methods'),
      'POST, PUT, PATCH, GET, OPTIONS, DELETE',
    );
    assert.equal((await ask('https://evil.example')).status, 403);
  });

  it('carries request ids through, and into the log', async () => {
    await using test = await TestApi.open();
    const given = await test.request('GET', 'info', undefined, { 'x-request-id': 'abc-123' });
    assert.equal(given.headers.get('x-request-id'), 'abc-123');
    const made = await test.request('GET', 'info', undefined, { 'x-request-id': 'not\tfit' });
    assert.match(made.headers.get('x-request-id') ?? '', /^[0-9a-f-]{36}$/);
    assert.ok(
      test.log.entries.some(
        ({ message, fields }) => message === 'Request' && fields['requestId'] === 'abc-123',
      ),
      "test.log.entries.some( ({ message, fields }) => message === 'Request' && fields['reques...",
    );
    assert.ok(!JSON.stringify(test.log.entries).includes('Basic '), 'no credentials in the log');
  });

  it('answers errors in the published envelope, or as problem details on request', async () => {
    await using test = await TestApi.open();
    const path = 'namespaces/workspace/applications/nope';
    const envelope = await test.request('GET', path);
    assert.equal(envelope.status, 404);
    assert.equal(envelope.headers.get('content-type'), 'application/json; charset=utf-8');
    assert.equal(envelope.headers.get('x-content-type-options'), 'nosniff');
    assert.deepEqual(await envelope.json(), {
      errors: [{ status: 404, title: "application 'nope' does not exist" }],
    });
    const problem = await test.request('GET', path, undefined, { accept: 'application/problem+json' });
    assert.equal(problem.headers.get('content-type'), 'application/problem+json');
    const body = (await problem.json()) as Record<string, unknown>;
    assert.equal(body['code'], 'APPLICATION_NOT_FOUND');
    assert.equal(body['instance'], problem.headers.get('x-request-id'));
  });

  it('tells unknown routes from wrong methods, without asking who calls', async () => {
    await using test = await TestApi.open();
    const anonymous = { authorization: '' };
    assert.deepEqual(await titleOf(await test.request('GET', '/api/v1/nope', undefined, anonymous)), [
      404,
      "route '/api/v1/nope' does not exist",
    ]);
    const wrong = await test.request('PUT', 'namespaces', undefined, anonymous);
    assert.equal(wrong.headers.get('allow'), 'DELETE, GET, POST');
    assert.deepEqual(await titleOf(wrong), [405, 'Method not allowed']);
  });

  it('says nothing of what went wrong inside', async () => {
    await using test = await TestApi.open();
    test.storage.info = () => Promise.reject(new Error('disk /secret/path failed'));
    await test.json(201, 'POST', 'namespaces/workspace/applications', { name: 'sample' });
    const response = await test.request('POST', 'namespaces/workspace/applications/sample/deployments', {
      app: { name: 'sample', namespace: 'workspace' },
      blobuid: 'x',
    });
    const id = response.headers.get('x-request-id') ?? '';
    assert.deepEqual(await titleOf(response), [500, `something bad happened [request ID: ${id}]`]);
    assert.ok(
      test.log.entries.some(({ fields }) => String(fields['stack']).includes('/secret/path')),
      'but the log does',
    );
  });

  it('is ready only when told so', async () => {
    await using test = await TestApi.open();
    const ready = (): Promise<Response> =>
      test.request('GET', '/ready', undefined, { host: '10.0.0.1:8030' });
    assert.equal((await ready()).status, 500);
    test.api.markReady();
    const response = await ready();
    assert.equal(response.status, 200);
    assert.deepEqual(await response.json(), {});
  });
});
