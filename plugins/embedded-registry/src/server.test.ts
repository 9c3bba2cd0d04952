import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, it, type TestContext } from 'node:test';
import { promisify } from 'node:util';
import { createOciClient, digestOf } from '@epinio/core/oci';
import { assertPulled, needProgram, pushContent, pushImage, testImage } from '@epinio/core/testkit';
import { freePort, openRegistry, type OpenedRegistry } from './fixtures/open-registry.ts';

const run = promisify(execFile);
const NODE = ['--import', import.meta.resolve('tsx'), '--conditions=epinio-src'];

/** One request with the registry's credentials. */
async function send(
  { host, password }: OpenedRegistry,
  method: string,
  path: string,
  options: { body?: Buffer | string; headers?: Record<string, string> } = {},
): Promise<Response> {
  const authorization = `Basic ${Buffer.from(`epinio:${password}`).toString('base64')}`;
  const headers = { authorization, ...options.headers };
  const answer = await fetch(new URL(path, `http://${host}`), {
    method,
    headers,
    body: options.body ?? null,
  });
  return answer;
}

async function codeOf(answer: Response): Promise<string> {
  const { errors } = (await answer.json()) as { errors: { code: string }[] };
  return `${answer.status} ${errors[0]?.code ?? ''}`;
}

async function folderForTest(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'epinio-registry-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

describe('embedded-registry', () => {
  it('works with skopeo', async (t) => {
    if (needProgram(t, 'skopeo', 'use the registry as other tools do') === undefined) return;
    const folder = await folderForTest(t);
    await using opened = await openRegistry();
    const { host } = opened;
    const auths = { [host]: { auth: Buffer.from(`epinio:${opened.password}`).toString('base64') } };
    await writeFile(join(folder, 'auth.json'), JSON.stringify({ auths }));
    const skopeo = async (...args: string[]): Promise<string> => {
      const [verb = '', ...rest] = args;
      const tls =
        verb === 'copy' ? ['--src-tls-verify=false', '--dest-tls-verify=false'] : ['--tls-verify=false'];
      const all = ['--insecure-policy', verb, '--authfile', join(folder, 'auth.json'), ...tls, ...rest];
      const { stdout } = await run('skopeo', all, { env: { ...process.env, HOME: folder }, timeout: 60_000 });
      return stdout;
    };
    const client = createOciClient({ auths: await opened.registry.credentials() });
    t.after(() => client.close());
    const image = testImage();
    await pushImage(client, `${host}/apps/a:1`, image);

    await skopeo('copy', `docker://${host}/apps/a:1`, `oci:${folder}/out:1`);
    await skopeo('copy', `oci:${folder}/out:1`, `docker://${host}/apps/b:2`);
    await assertPulled(client, `${host}/apps/b:2`, image);
    await skopeo('copy', '--format', 'v2s2', `docker://${host}/apps/a:1`, `docker://${host}/apps/docker:3`);
    await skopeo('copy', `oci:${join(opened.folder, 'repositories', 'apps@a')}:1`, `oci:${folder}/layout:1`);

    const inspected = JSON.parse(
      await skopeo(
        'inspect',
        '--override-arch',
        'amd64',
        '--override-os',
        'linux',
        `docker://${host}/apps/b:2`,
      ).catch(() => skopeo('inspect', `docker://${host}/apps/b:2`)),
    ) as { Layers: string[] };
    assert.deepEqual(
      inspected.Layers,
      image.manifest.layers.map(({ digest }) => digest),
    );
    assert.deepEqual(
      (JSON.parse(await skopeo('list-tags', `docker://${host}/apps/b`)) as { Tags: string[] }).Tags,
      ['2'],
    );
    await skopeo('delete', `docker://${host}/apps/b:2`);
    assert.deepEqual(
      (JSON.parse(await skopeo('list-tags', `docker://${host}/apps/b`)) as { Tags: string[] }).Tags,
      [],
    );
    await assertPulled(client, `${host}/apps/a:1`, image);
  });

  it('takes a blob in chunks, in order, and can be asked how far it is', async () => {
    await using opened = await openRegistry();
    const content = randomBytes(1000);
    const digest = digestOf(content);
    const start = await send(opened, 'POST', '/v2/apps/a/blobs/uploads/');
    assert.equal(start.status, 202);
    const location = start.headers.get('location') ?? '';
    const patch = (from: number, to: number): Promise<Response> =>
      send(opened, 'PATCH', location, {
        body: content.subarray(from, to),
        headers: { 'content-range': `${from}-${to - 1}`, 'content-type': 'application/octet-stream' },
      });
    assert.equal((await patch(0, 400)).headers.get('range'), '0-399');
    assert.equal(await codeOf(await patch(500, 600)), '416 BLOB_UPLOAD_INVALID');
    assert.equal(await codeOf(await patch(0, 400)), '416 BLOB_UPLOAD_INVALID');
    assert.equal((await send(opened, 'GET', location)).headers.get('range'), '0-399');
    assert.equal((await patch(400, 700)).status, 202);
    const end = await send(opened, 'PUT', `${location}?digest=${digest}`, { body: content.subarray(700) });
    assert.equal(end.status, 201);
    const blob = await send(opened, 'GET', end.headers.get('location') ?? '');
    assert.ok(Buffer.from(await blob.arrayBuffer()).equals(content), 'the content is another');
    assert.equal(await codeOf(await send(opened, 'GET', location)), '404 BLOB_UPLOAD_UNKNOWN');
    assert.deepEqual(await readdir(join(opened.folder, 'incoming')), []);
  });

  it('serves parts of a blob', async () => {
    await using opened = await openRegistry();
    const content = Buffer.from('0123456789');
    const path = `/v2/apps/a/blobs/${digestOf(content)}`;
    assert.equal(
      (await send(opened, 'POST', `/v2/apps/a/blobs/uploads/?digest=${digestOf(content)}`, { body: content }))
        .status,
      201,
    );
    const part = async (range: string): Promise<string> => {
      const answer = await send(opened, 'GET', path, { headers: { range } });
      return `${answer.status} ${await answer.text()} ${answer.headers.get('content-range') ?? ''}`;
    };
    assert.equal(await part('bytes=2-4'), '206 234 bytes 2-4/10');
    assert.equal(await part('bytes=-1'), '206 9 bytes 9-9/10');
    assert.match(await part('bytes=10-11'), /^416 /);
    const head = await send(opened, 'HEAD', path);
    assert.deepEqual([head.status, head.headers.get('content-length')], [200, '10']);
  });

  it('lists page by page', async (t) => {
    await using opened = await openRegistry();
    const client = createOciClient({ auths: await opened.registry.credentials() });
    t.after(() => client.close());
    const image = testImage({ layers: 1 });
    for (const tag of ['c', 'a', 'B', 'b']) await pushImage(client, `${opened.host}/apps/x:${tag}`, image);
    for (const name of ['apps/y', 'apps/x/z', 'blobs/uploads'])
      await pushImage(client, `${opened.host}/${name}:1`, image);
    const page = async (path: string): Promise<unknown> => {
      const answer = await send(opened, 'GET', path);
      return [await answer.json(), answer.headers.get('link')];
    };
    const next = '</v2/apps/x/tags/list?n=2&last=a>; rel="next"';
    assert.deepEqual(await page('/v2/apps/x/tags/list?n=2'), [{ name: 'apps/x', tags: ['B', 'a'] }, next]);
    assert.deepEqual(await page('/v2/apps/x/tags/list?n=2&last=a'), [
      { name: 'apps/x', tags: ['b', 'c'] },
      null,
    ]);
    assert.deepEqual(await page('/v2/apps/x/tags/list?n=0'), [{ name: 'apps/x', tags: [] }, null]);
    const repositories = ['apps/x', 'apps/x/z', 'apps/y', 'blobs/uploads'];
    assert.deepEqual(await page('/v2/_catalog'), [{ repositories }, null]);
    assert.deepEqual(await page('/v2/_catalog?last=apps/x/z'), [
      { repositories: repositories.slice(2) },
      null,
    ]);
    assert.equal(await codeOf(await send(opened, 'GET', '/v2/apps/none/tags/list')), '404 NAME_UNKNOWN');
  });

  it('refuses what makes no sense, in the words of the specification', async () => {
    await using opened = await openRegistry();
    const digest = digestOf('x');
    const manifest = { headers: { 'content-type': 'application/vnd.oci.image.manifest.v1+json' } };
    const cases: readonly (readonly [string, () => Promise<Response>])[] = [
      ['404 UNSUPPORTED', () => send(opened, 'GET', '/')],
      ['404 UNSUPPORTED', () => send(opened, 'GET', '/v1/search')],
      ['400 NAME_INVALID', () => send(opened, 'GET', '/v2/Apps/tags/list')],
      ['400 NAME_INVALID', () => send(opened, 'GET', '/v2/..%2fetc/manifests/latest')],
      ['400 NAME_INVALID', () => send(opened, 'DELETE', '/v2/_epinio/repositories/..%2fx')],
      ['400 UNSUPPORTED', () => send(opened, 'GET', '/v2/%zz/tags/list')],
      ['404 UNSUPPORTED', () => send(opened, 'GET', '/v2/apps/a/blobs/sha256:..%2f..%2fetc')],
      ['404 UNSUPPORTED', () => send(opened, 'GET', '/v2/apps/a/blobs/..%2f..%2f..%2fpassword')],
      ['400 DIGEST_INVALID', () => send(opened, 'GET', '/v2/apps/a/blobs/md5:abc')],
      ['400 DIGEST_INVALID', () => send(opened, 'POST', '/v2/apps/a/blobs/uploads/?digest-algorithm=md5')],
      [
        '400 DIGEST_INVALID',
        () => send(opened, 'PUT', '/v2/apps/a/manifests/-tag', { ...manifest, body: '{}' }),
      ],
      [
        '400 MANIFEST_INVALID',
        () => send(opened, 'PUT', '/v2/apps/a/manifests/v1', { ...manifest, body: '{' }),
      ],
      [
        '400 MANIFEST_INVALID',
        () => send(opened, 'PUT', '/v2/apps/a/manifests/v1', { ...manifest, body: '{}' }),
      ],
      [
        '400 MANIFEST_INVALID',
        () => send(opened, 'PUT', '/v2/apps/a/manifests/v1', { body: '{"schemaVersion":1}' }),
      ],
      [
        '413 SIZE_INVALID',
        () => send(opened, 'PUT', '/v2/apps/a/manifests/v1', { ...manifest, body: Buffer.alloc(9_000_000) }),
      ],
      ['405 UNSUPPORTED', () => send(opened, 'PATCH', '/v2/apps/a/manifests/v1', { body: 'x' })],
      [
        '404 BLOB_UPLOAD_UNKNOWN',
        () => send(opened, 'PATCH', `/v2/apps/a/blobs/uploads/none`, { body: 'x' }),
      ],
      ['404 NAME_UNKNOWN', () => send(opened, 'DELETE', `/v2/apps/a/blobs/${digest}`)],
    ];
    for (const [wanted, ask] of cases) {
      const answer = await ask();
      assert.equal(await codeOf(answer), wanted, answer.url);
    }
    assert.deepEqual(await readdir(join(opened.folder, 'repositories')), []);
  });

  it('asks everyone for the password, which only the owner can read', async () => {
    await using opened = await openRegistry();
    assert.equal((await stat(join(opened.folder, 'password'))).mode & 0o777, 0o600);
    assert.equal(opened.password.length, 43);
    for (const authorization of [
      '',
      'Basic',
      'Basic !!!',
      `Basic ${Buffer.from('epinio:').toString('base64')}`,
      `Bearer ${opened.password}`,
    ]) {
      const answer = await send(opened, 'GET', '/v2/', { headers: { authorization } });
      assert.match(answer.headers.get('www-authenticate') ?? '', /^Basic realm=/);
      assert.equal(await codeOf(answer), '401 UNAUTHORIZED', authorization);
    }
    assert.equal((await send(opened, 'GET', '/v2/')).status, 200);
  });

  it('keeps images over a restart, and over kill -9 in the middle of a push', async (t) => {
    const data = await folderForTest(t);
    const image = testImage();
    const first = await openRegistry({ data });
    const client = createOciClient({ auths: await first.registry.credentials() });
    await pushImage(client, `${first.host}/apps/a:1`, image);
    client.close();
    await first[Symbol.asyncDispose]();

    const child = spawn(
      process.execPath,
      [...NODE, join(import.meta.dirname, 'fixtures/push-endlessly.ts'), data],
      {
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    );
    await once(child.stdout, 'data');
    child.kill('SIGKILL');
    await once(child, 'close');
    const incoming = join(data, 'embedded-registry', 'incoming');
    assert.equal((await readdir(incoming)).length, 1);

    await using second = await openRegistry({ data });
    assert.deepEqual(await readdir(incoming), []);
    assert.equal(second.password, first.password);
    const again = createOciClient({ auths: await second.registry.credentials() });
    t.after(() => again.close());
    await assertPulled(again, `${second.host}/apps/a:1`, image);
    assert.deepEqual(
      ((await (await send(second, 'GET', '/v2/_catalog')).json()) as { repositories: string[] }).repositories,
      ['apps/a'],
    );
  });

  it('loses no tag when reads and pushes meet after a restart', async (t) => {
    const data = await folderForTest(t);
    const image = testImage();
    const tags = ['0'];
    for (let round = 1; round <= 5; round++) {
      await using opened = await openRegistry({ data });
      const client = createOciClient({ auths: await opened.registry.credentials() });
      t.after(() => client.close());
      if (round === 1) await pushImage(client, `${opened.host}/apps/a:0`, image);
      const fresh = Array.from({ length: 4 }, (_, index) => `${round}-${index}`);
      const path = '/v2/apps/a/tags/list';
      const reads = Array.from({ length: 8 }, async () => (await send(opened, 'GET', path)).arrayBuffer());
      const pushes = fresh.map((tag) => client.pushManifest(`${opened.host}/apps/a:${tag}`, image.manifest));
      await Promise.all([...reads, ...pushes]);
      tags.push(...fresh);
      assert.deepEqual(await (await send(opened, 'GET', path)).json(), { name: 'apps/a', tags });
    }
  });

  it('says that the disk is full, and keeps nothing of what did not fit', async (t) => {
    const bwrap = needProgram(t, 'bwrap', 'make a small file system');
    if (bwrap === undefined) return;
    const script = join(import.meta.dirname, 'fixtures/fill-disk.ts');
    const sandbox = ['--dev-bind', '/', '/', '--size', String(6 * 1024 * 1024), '--tmpfs', '/mnt'];
    const child = spawn(bwrap, [...sandbox, process.execPath, ...NODE, script, '/mnt'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const { message, ...result } = JSON.parse(await text(child.stdout)) as Record<string, unknown>;
    assert.match(String(message), /full/);
    assert.deepEqual(result, {
      code: 'REGISTRY_FULL',
      fix: 'Free some space on the disk of the registry, then try again',
      kept: true,
      refused: false,
      incoming: [],
      again: 'uploaded',
    });
  });

  it('names the port that a stranger has', async (t) => {
    const data = await folderForTest(t);
    await using opened = await openRegistry();
    const port = Number(opened.host.split(':')[1]);
    await assert.rejects(openRegistry({ data, port }), new RegExp(`Port ${port} .* is in use`));
  });

  it('names the damaged index of a repository, and serves the others', async (t) => {
    await using opened = await openRegistry();
    const client = createOciClient({ auths: await opened.registry.credentials() });
    t.after(() => client.close());
    const image = testImage();
    await pushImage(client, `${opened.host}/apps/a:1`, image);
    const damaged = join(opened.folder, 'repositories', 'apps@b');
    await mkdir(damaged);
    await writeFile(join(damaged, 'index.json'), '{"manif');
    assert.equal(await codeOf(await send(opened, 'GET', '/v2/apps/b/tags/list')), '500 UNKNOWN');
    assert.match(String(opened.log.entries.at(-1)?.fields['error']), /apps@b\/index.json" is damaged/);
    await assertPulled(client, `${opened.host}/apps/a:1`, image);
  });

  it('stores content that several repositories have once', async (t) => {
    await using opened = await openRegistry();
    const client = createOciClient({ auths: await opened.registry.credentials() });
    t.after(() => client.close());
    const content = randomBytes(100_000);
    const digest = digestOf(content);
    for (const name of ['one', 'two', 'three'])
      await pushContent(client, `${opened.host}/apps/${name}`, digest, content);
    const path = join(opened.folder, 'blobs', 'sha256', digest.slice('sha256:'.length));
    assert.equal((await stat(path)).nlink, 4);
    assert.equal(
      createHash('sha256')
        .update(await readFile(path))
        .digest('hex'),
      digest.slice('sha256:'.length),
    );
    await opened.registry.delete('apps/one');
    assert.equal((await stat(path)).nlink, 3);
    for (const name of ['two', 'three']) await opened.registry.delete(`apps/${name}`);
    await assert.rejects(stat(path), /ENOENT/);
  });

  it('says how to start it when it does not run', async (t) => {
    const data = await folderForTest(t);
    const { makeRegistry } = await import('./fixtures/open-registry.ts');
    const registry = makeRegistry(data, await freePort());
    await assert.rejects(registry.delete('apps/a'), /could not be reached to remove "apps\/a"/);
  });
});
