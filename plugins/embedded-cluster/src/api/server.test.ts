import assert from 'node:assert/strict';
import { statSync } from 'node:fs';
import { connect as connectTcp } from 'node:net';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { hasCode } from '@epinio/core';
import { startApi } from './start-api.ts';
import { ApiClient, TestApi, type Body } from './testing/test-api.ts';

const MAPS = '/api/v1/namespaces/default/configmaps';

describe('the API server', () => {
  let test: TestApi;
  before(async () => {
    test = await TestApi.start();
  });
  after(() => test[Symbol.asyncDispose]());

  const authority = (): Buffer => readFileSync(join(test.directory, 'pki', 'ca.pem'));
  const base = (): string => `https://127.0.0.1:${test.api.port}`;

  it('lets in the administrator by certificate or token, and nobody else', async () => {
    assert.equal((await test.client.call('GET', MAPS)).status, 200);
    const token = readFileSync(join(test.directory, 'pki', 'admin.token'), 'utf8').trim();
    using byToken = new ApiClient(base(), { ca: authority() }, token);
    assert.equal((await byToken.call('GET', MAPS)).status, 200);
    using wrong = new ApiClient(base(), { ca: authority() }, `${token}x`);
    assert.equal((await wrong.call('GET', MAPS)).status, 401);
    using anonymous = new ApiClient(base(), { ca: authority() });
    const refused = await anonymous.call('GET', MAPS);
    assert.equal(refused.status, 403);
    const cannot = 'User "system:anonymous" cannot list resource "configmaps" in API group ""';
    assert.equal(refused.body.message, `configmaps is forbidden: ${cannot} in the namespace "default"`);
    const apis = await anonymous.call('GET', '/apis');
    assert.equal(apis.body.message, 'forbidden: User "system:anonymous" cannot get path "/apis"');
  });

  it('tells everybody its version and its health', async () => {
    using anonymous = new ApiClient(base(), { ca: authority() });
    assert.equal((await anonymous.call('GET', '/livez')).text, 'ok');
    assert.equal((await anonymous.call('GET', '/readyz')).status, 500, 'not before it is called ready');
    test.api.setReady();
    assert.equal((await anonymous.call('GET', '/readyz')).text, 'ok');
    assert.match((await anonymous.call('GET', '/version')).body.gitVersion ?? '', /^v1\.35/);
  });

  it('keeps its secrets to its owner', () => {
    for (const file of ['kubeconfig', 'pki/ca.pem', 'pki/admin.pem', 'pki/admin.token']) {
      assert.equal(statSync(join(test.directory, file)).mode & 0o777, 0o600, file);
    }
  });

  it('refuses what is too big, and reads no further', async () => {
    const big = { metadata: { name: 'big' }, data: { a: 'x'.repeat(4 * 1024 * 1024) } };
    const { status, body } = await test.client.call('POST', MAPS, { body: big });
    assert.equal(status, 413);
    assert.equal(body.reason, 'RequestEntityTooLarge');
    assert.equal((await test.client.call('GET', MAPS)).status, 200, 'it serves on');
  });

  it('answers a malformed request with 400 and lives on', async () => {
    const socket = connectTcp(test.api.port, '127.0.0.1');
    socket.on('error', () => undefined); // reset by the server: that is the point
    await new Promise<void>((resolve) => {
      socket.once('close', () => resolve());
      socket.end('this is no TLS\r\n\r\n');
    });
    assert.equal((await test.client.call('GET', '/livez')).status, 200);
    for (const path of ['/api/v1/%zz', '//api//v1', '/api/v1/namespaces/%00/pods', `/${'a/'.repeat(2000)}`]) {
      assert.ok((await test.client.call('GET', path)).status < 500, path);
    }
  });

  it('says when its port is taken', async () => {
    const other = await TestApi.start();
    const { directory } = other;
    await other.stop();
    await assert.rejects(startApi({ directory, port: test.api.port, history: 100, log: test.log }), (error) =>
      hasCode(error, 'PORT_IN_USE'),
    );
    await other.restart();
    await other[Symbol.asyncDispose]();
  });

  it('takes protobuf bodies of built-in kinds and answers JSON', async () => {
    // v1 ConfigMap { metadata { name: "proto" }, data { "k": "v" } } in a runtime.Unknown
    const field = (number: number, bytes: Buffer): Buffer =>
      Buffer.concat([Buffer.from([(number << 3) | 2, bytes.length]), bytes]);
    const text = (number: number, value: string): Buffer => field(number, Buffer.from(value));
    const object = Buffer.concat([
      field(1, text(1, 'proto')),
      field(2, Buffer.concat([text(1, 'k'), text(2, 'v')])),
    ]);
    const unknown = Buffer.concat([
      field(1, Buffer.concat([text(1, 'v1'), text(2, 'ConfigMap')])),
      field(2, object),
    ]);
    const body = Buffer.concat([Buffer.from([0x6b, 0x38, 0x73, 0x00]), unknown]);
    const contentType = 'application/vnd.kubernetes.protobuf';
    const created = await test.client.call('POST', MAPS, {
      body,
      contentType,
      headers: { accept: `${contentType},application/json` },
    });
    assert.equal(created.status, 201, JSON.stringify(created.body));
    assert.deepEqual(created.body.data, { k: 'v' });
    for (const cut of [2, 6, 12, body.length - 3]) {
      const { status } = await test.client.call('POST', MAPS, { body: body.subarray(0, cut), contentType });
      assert.ok(status === 400 || status === 422, `cut after ${cut} bytes: ${status}`);
    }
  });

  it('describes what it serves for clients to read', async () => {
    const index = await test.client.call('GET', '/openapi/v3');
    const { paths = {} } = index.body;
    for (const [path, { serverRelativeURL }] of Object.entries(paths)) {
      const { status, body } = await test.client.call('GET', serverRelativeURL);
      assert.equal(status, 200, path);
      const { schemas = {} } = body.components ?? {};
      const references = JSON.stringify(body).matchAll(/#\/components\/schemas\/([^"]+)/g);
      for (const [, name = ''] of references)
        assert.ok(name in schemas, `${path}: ${name} is referred to and not there`);
    }
  });

  it('empties a definition that is deleted, and serves it no more', async () => {
    const definitions = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
    const schema = { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } };
    const body = {
      metadata: { name: 'things.gone.example' },
      spec: {
        group: 'gone.example',
        scope: 'Cluster',
        names: { plural: 'things', kind: 'Thing' },
        versions: [{ name: 'v1', served: true, storage: true, schema }],
      },
    };
    assert.equal((await test.client.call('POST', definitions, { body })).status, 201);
    const things = '/apis/gone.example/v1/things';
    const thing = (name: string, metadata: object = {}): object => ({
      apiVersion: 'gone.example/v1',
      kind: 'Thing',
      metadata: { name, ...metadata },
    });
    assert.equal((await test.client.call('POST', things, { body: thing('a') })).status, 201);
    assert.equal(
      (await test.client.call('POST', things, { body: thing('held', { finalizers: ['gone.example/hold'] }) }))
        .status,
      201,
    );
    await test.client.call('DELETE', `${definitions}/things.gone.example`);
    assert.equal(
      (await test.client.call('GET', `${definitions}/things.gone.example`)).status,
      200,
      'an object holds it',
    );
    const release = await test.client.call('PATCH', `${things}/held`, {
      body: { metadata: { finalizers: null } },
      contentType: 'application/merge-patch+json',
    });
    assert.equal(release.status, 200);
    const deadline = Date.now() + 10_000;
    while ((await test.client.call('GET', `${definitions}/things.gone.example`)).status !== 404)
      assert.ok(Date.now() < deadline, 'it is still there');
    assert.equal((await test.client.call('GET', things)).status, 404);
  });
});

it('serves the same objects, kinds and identity after a restart', async () => {
  await using test = await TestApi.start();
  await test.client.call('POST', MAPS, { body: { metadata: { name: 'kept' }, data: { a: 'b' } } });
  const before = (await test.client.call('GET', `${MAPS}/kept`)).body;
  const authority = readFileSync(join(test.directory, 'pki', 'ca.pem'), 'utf8');
  await test.restart();
  assert.deepEqual((await test.client.call('GET', `${MAPS}/kept`)).body, before);
  assert.equal(readFileSync(join(test.directory, 'pki', 'ca.pem'), 'utf8'), authority);
  const { body } = await test.client.call('POST', MAPS, { body: { metadata: { name: 'next' } } });
  const version = ({ metadata }: Body): number => Number(metadata.resourceVersion);
  assert.ok(version(body) > version(before), 'version(body) > version(before)');
});
