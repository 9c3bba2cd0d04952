import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { buffer } from 'node:stream/consumers';
import { WebSocket } from 'ws';
import { pack } from '@epinio/core/archive';
import type { App, AsyncDeployStatus, LogFrame } from '@epinio/core/api';
import { eventually } from '@epinio/core/testkit';
import { GitHttpServer } from '../../core/src/sources/git/testkit/git-http-server.ts';
import { EmbeddedPlatform } from './embedded-platform.ts';

const APPS = 'namespaces/workspace/applications';

const server = (body: string): string =>
  `const server = require('node:http').createServer((request, response) => response.end(${body}));
server.listen(process.env.PORT, () => console.log('listening'));
process.on('SIGTERM', () => server.close(() => process.exit(0)));
`;

async function sources(files: Readonly<Record<string, string>>): Promise<Buffer> {
  const folder = await mkdtemp(join(tmpdir(), 'epinio-sources-'));
  for (const [name, content] of Object.entries(files)) {
    await mkdir(join(folder, name, '..'), { recursive: true });
    await writeFile(join(folder, name), content);
  }
  const archive = await buffer(pack(folder));
  await rm(folder, { recursive: true });
  return archive;
}

const program = (code: string): Promise<Buffer> =>
  sources({
    'package.json': '{"name":"app","version":"1.0.0","scripts":{"start":"node server.js"}}',
    'server.js': code,
  });

describe('the API over the embedded platform', { concurrency: 3 }, () => {
  let platform: EmbeddedPlatform;

  before(async () => {
    platform = await EmbeddedPlatform.open();
  });
  after(() => platform[Symbol.asyncDispose]());

  async function push(app: string, archive: Buffer): Promise<AsyncDeployStatus> {
    await platform.api(201, 'POST', APPS, { name: app });
    return platform.deploy(app, await platform.upload(app, archive));
  }

  it('says what it is', async () => {
    const info = await platform.api<Record<string, string>>(200, 'GET', 'info');
    assert.equal(info['platform'], 'embedded');
    assert.match(info['kube_version'] ?? '', /^v1\.\d+/);
    assert.ok(info['default_builder_image'] !== undefined, "info['default_builder_image'] !== undefined");
  });

  it('takes sources to a URL, changes what runs, and leaves nothing of it', async () => {
    const done = await push('life', await program(server("`hello ${process.env.WHO ?? 'world'}`")));
    assert.equal(done.status, 'succeeded', done.error);
    const [url = ''] = done.urls ?? [];
    assert.equal((await platform.get(url)).body, 'hello world');

    await platform.api(200, 'POST', `${APPS}/life/environment`, { WHO: 'you' });
    assert.equal((await platform.get(url)).body, 'hello you');
    await platform.api(200, 'PATCH', `${APPS}/life`, { instances: 2 });
    const scaled = await platform.api<App>(200, 'GET', `${APPS}/life`);
    assert.equal(scaled.deployment?.status, '2/2');
    await platform.api(200, 'PATCH', `${APPS}/life`, { routes: ['other.localhost'] });
    const { urls = [] } = await platform.api<App>(200, 'GET', `${APPS}/life`);
    assert.equal((await platform.get(urls[0] ?? '')).body, 'hello you');
    await eventually(() => assert.rejects(platform.get(url), /self-signed/), 10_000);
    await platform.api(200, 'POST', `${APPS}/life/restart`);
    assert.equal((await platform.get(urls[0] ?? '')).status, 200);

    await platform.api(200, 'DELETE', `${APPS}/life`, { deleteImage: true });
    for (const [apiVersion, kind] of [
      ['v1', 'Pod'],
      ['v1', 'Secret'],
      ['v1', 'Service'],
      ['apps/v1', 'Deployment'],
      ['networking.k8s.io/v1', 'Ingress'],
      ['batch/v1', 'Job'],
    ] as const) {
      const { items } = await platform.kube.list(
        { apiVersion, kind },
        { labelSelector: 'app.kubernetes.io/name=life' },
      );
      assert.deepEqual(
        items.map(({ metadata }) => metadata.name),
        [],
        kind,
      );
    }
  });

  it('changes the port that an application listens on without an outage', async () => {
    const done = await push('port', await program(server("'still here'")));
    const [url = ''] = done.urls ?? [];
    const watch = { isOver: false };
    const failures: string[] = [];
    const asking = (async () => {
      while (!watch.isOver) {
        const { status } = await platform.get(url);
        if (status !== 200) failures.push(String(status));
      }
    })();
    await platform.api(200, 'PATCH', `${APPS}/port`, { settings: { appListeningPort: '9090' } });
    watch.isOver = true;
    await asking;
    assert.deepEqual(failures, []);
  });

  it('goes back when a new version crashes, and says why', async () => {
    const good = await push('careful', await program(server("'v1'")));
    const [url = ''] = good.urls ?? [];
    const bad = await platform.deploy(
      'careful',
      await platform.upload('careful', await program("console.error('no database'); process.exit(7);")),
    );
    assert.equal(bad.status, 'failed');
    assert.match(bad.error ?? '', /ended with exit code 7/);
    assert.match(bad.error ?? '', /no database/);
    assert.equal((await platform.get(url)).body, 'v1');
    const app = await platform.api<App>(200, 'GET', `${APPS}/careful`);
    assert.equal(app.status, 'running');
    assert.match(app.statusmessage, /exit code 7/);
  });

  it('names the port that an application listens on instead of its own', async () => {
    const failed = await push(
      'fixed',
      await program(
        "require('node:http').createServer().listen(0, '127.0.0.1', function () { console.log(this.address().port); });",
      ),
    );
    assert.match(failed.error ?? '', /the application listens on port \d+ instead of PORT/);
  });

  it('waits for an application that never listens no longer than it should', async () => {
    const failed = await push('mute', await program('setInterval(() => undefined, 1000);'));
    assert.match(failed.error ?? '', /nothing listens on the port in its variable PORT|does not listen/);
    assert.equal((await platform.api<App>(200, 'GET', `${APPS}/mute`)).status, 'error');
  });

  it('streams logs through the ingress', async () => {
    const done = await push('chatty', await program(server("(console.log('asked'), 'ok')")));
    const { token } = await platform.api<{ token: string }>(200, 'GET', 'authtoken');
    const path = `/wapi/v1/${APPS}/chatty/logs?follow=true&authtoken=${token}`;
    const socket = new WebSocket(`wss://epinio.localhost:${platform.httpsPort}${path}`, {
      ca: platform.ca,
      // Not every system resolves names under .localhost.
      lookup: (_host, options, done) =>
        options.all === true ? done(null, [{ address: '127.0.0.1', family: 4 }]) : done(null, '127.0.0.1', 4),
    });
    const frames: LogFrame[] = [];
    socket.on('message', (data) => frames.push(JSON.parse((data as Buffer).toString()) as LogFrame));
    await eventually(() =>
      assert.ok(
        frames.some(({ Message }) => Message === 'listening'),
        "frames.some(({ Message }) => Message === 'listening')",
      ),
    );
    await platform.get(done.urls?.[0] ?? '');
    await eventually(() =>
      assert.ok(
        frames.some(({ Message }) => Message === 'asked'),
        "frames.some(({ Message }) => Message === 'asked')",
      ),
    );
    assert.match(frames[0]?.Timestamp ?? '', /^\d{4}-\d\d-\d\dT.*Z$/);
    socket.close();
  });

  it('imports from git', async () => {
    await using git = await GitHttpServer.open();
    await platform.api(201, 'POST', APPS, { name: 'fromgit' });
    const form = new URLSearchParams({ giturl: git.url('sample.git'), gitrev: 'v1' }).toString();
    const response = await platform.get(`${platform.server.url}/api/v1/${APPS}/fromgit/import-git`, {
      method: 'POST',
      headers: {
        authorization: `Basic ${Buffer.from('admin:pass').toString('base64')}`,
        'content-type': 'application/x-www-form-urlencoded',
        'content-length': String(form.length),
      },
      body: form,
    });
    assert.equal(response.status, 200, response.body);
    const { revision, blobuid } = JSON.parse(response.body) as { revision: string; blobuid: string };
    assert.equal(revision, git.commits.tagged);
    assert.match(blobuid, /^[0-9a-f-]{36}$/);
  });

  it('makes namespaces and removes them with all that is in them', async () => {
    await platform.api(201, 'POST', 'namespaces', { name: 'team' });
    const account = await platform.kube.get({
      apiVersion: 'v1',
      kind: 'ServiceAccount',
      namespace: 'team',
      name: 'team',
    });
    assert.ok(account !== undefined, 'account !== undefined');
    const copied = await platform.kube.get({
      apiVersion: 'v1',
      kind: 'Secret',
      namespace: 'team',
      name: 'registry-creds',
    });
    assert.ok(copied !== undefined, 'creation waits for the credentials');
    await platform.api(201, 'POST', 'namespaces/team/applications', { name: 'tool' });
    await platform.api(200, 'DELETE', 'namespaces/team');
    assert.equal(await platform.kube.get({ apiVersion: 'v1', kind: 'Namespace', name: 'team' }), undefined);
  });
});
