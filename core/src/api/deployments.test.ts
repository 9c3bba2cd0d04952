import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { App } from '../models/app.ts';
import { TestApi } from './testkit/test-api.ts';

describe('deployments', () => {
  it('takes sources to a running application', async () => {
    await using test = await TestApi.open();
    const done = await test.push('sample');
    assert.equal(done.status, 'succeeded', done.error);
    assert.deepEqual(done.routes, ['sample.apps.test']);
    assert.deepEqual(done.urls, ['https://sample.apps.test:8443']);
    const app = await test.json<App>(200, 'GET', 'namespaces/workspace/applications/sample');
    assert.equal(app.status, 'running');
  });
});
