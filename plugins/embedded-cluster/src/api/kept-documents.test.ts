import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { TestApi } from './testing/test-api.ts';

const AGGREGATED = { accept: 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList' };

describe('what clients keep of the API', () => {
  let test: TestApi;
  before(async () => {
    test = await TestApi.start();
  });
  after(() => test[Symbol.asyncDispose]());

  it('discovery is answered again only when it has changed', async () => {
    const first = await test.client.call('GET', '/apis', { headers: AGGREGATED });
    const { etag = '' } = first.headers;
    assert.match(etag, /^"[0-9A-F]{128}"$/);
    assert.equal(first.headers['cache-control'], 'public');
    assert.equal(first.headers['vary'], 'Accept');
    const headers = { ...AGGREGATED, 'if-none-match': etag };
    const again = await test.client.call('GET', '/apis', { headers });
    assert.deepEqual([again.status, again.text, again.headers.etag], [304, '', etag]);

    const names = { plural: 'kites', kind: 'Kite', singular: 'kite', listKind: 'KiteList' };
    const schema = { openAPIV3Schema: { type: 'object' } };
    const versions = [{ name: 'v1', served: true, storage: true, schema }];
    const definition = {
      metadata: { name: 'kites.toys.example' },
      spec: { group: 'toys.example', scope: 'Namespaced', names, versions },
    };
    const path = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
    assert.equal((await test.client.call('POST', path, { body: definition })).status, 201);
    const changed = await test.client.call('GET', '/apis', { headers });
    assert.equal(changed.status, 200);
    assert.match(changed.text, /kites/);
    assert.notEqual(changed.headers.etag, etag);
  });

  it('a document of OpenAPI may be kept for ever by its hash, and is elsewhere under another one', async () => {
    const { body } = await test.client.call('GET', '/openapi/v3');
    const url = body.paths?.['api/v1']?.serverRelativeURL ?? '';
    const [, hash] = url.split('?hash=');
    const document = await test.client.call('GET', url);
    assert.equal(document.headers['cache-control'], 'public, immutable');
    assert.equal(document.headers.etag, `"${hash ?? ''}"`);
    assert.ok(Date.parse(document.headers.expires ?? '') > Date.now());
    const same = await test.client.call('GET', url, {
      headers: { 'if-none-match': document.headers.etag ?? '' },
    });
    assert.deepEqual([same.status, same.text], [304, '']);
    const bare = await test.client.call('GET', '/openapi/v3/api/v1');
    assert.equal(bare.headers['cache-control'], 'no-cache, private');
    const moved = await test.client.call('GET', '/openapi/v3/api/v1?hash=OLD');
    assert.deepEqual([moved.status, moved.headers.location], [301, url]);
    assert.equal((await test.client.call('GET', '/openapi/v3/api/v9')).status, 404);
  });

  it('health is told check by check', async () => {
    const get = async (path: string) => {
      const { status, text } = await test.client.call('GET', path);
      return [status, text];
    };
    const notReady = '[+]ping ok\n[-]controllers-and-node failed: reason withheld\nreadyz check failed\n';
    assert.deepEqual(await get('/readyz'), [500, notReady]);
    assert.deepEqual(await get('/readyz?exclude=controllers-and-node'), [200, 'ok']);
    assert.deepEqual(await get('/livez?verbose'), [200, '[+]ping ok\nlivez check passed\n']);
    assert.deepEqual(await get('/livez?verbose&exclude=ping&exclude=x'), [
      200,
      '[+]ping excluded: ok\nwarn: some health checks cannot be excluded: no matches for "x"\nlivez check passed\n',
    ]);
    assert.deepEqual(await get('/readyz/controllers-and-node'), [
      500,
      'internal server error: reason withheld\n',
    ]);
    test.api.setReady();
    assert.deepEqual(await get('/readyz/controllers-and-node'), [200, 'ok']);
    assert.deepEqual(await get('/readyz?verbose'), [
      200,
      '[+]ping ok\n[+]controllers-and-node ok\nreadyz check passed\n',
    ]);
    assert.deepEqual(await get('/livez/none'), [404, '404 page not found\n']);
  });
});
