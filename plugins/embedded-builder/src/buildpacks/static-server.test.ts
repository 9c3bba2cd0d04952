import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { buffer } from 'node:stream/consumers';
import { after, before, describe, it } from 'node:test';
import { temporaryFolder } from '../lifecycle/testkit/temporary-folder.ts';
import { writeFiles } from '../lifecycle/testkit/write-files.ts';
import { packageFile } from '../package-folder.ts';

interface Answer {
  readonly status: number | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** The server on a folder, as an image starts it. */
async function serve(folder: string, ...options: readonly string[]) {
  const child = spawn(
    process.execPath,
    [packageFile('buildpacks/static/server/server.mjs'), folder, ...options],
    {
      env: { ...process.env, PORT: '0' },
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
  const port = Number(/port (\d+)$/.exec(line)?.[1]);
  return {
    /** The path goes out as it is: no client tidies it up. */
    async get(path: string, headers: Readonly<Record<string, string>> = {}, method = 'GET'): Promise<Answer> {
      const asked = request({ port, host: '127.0.0.1', path, headers, method }).end();
      const [response] = (await once(asked, 'response')) as [IncomingMessage];
      return {
        status: response.statusCode,
        headers: response.headers,
        body: (await buffer(response)).toString(),
      };
    },
    async stop(): Promise<number | null> {
      child.kill('SIGTERM');
      const [code] = (await once(child, 'exit')) as [number | null];
      return code;
    },
  };
}

describe('the server of static files', () => {
  const folder = temporaryFolder();
  let server: Awaited<ReturnType<typeof serve>>;

  before(async () => {
    writeFiles(folder.path, {
      'secret.txt': 'outside',
      'site/index.html': '<h1>start</h1>',
      'site/about.html': 'about',
      'site/404.html': 'not here',
      'site/docs/index.html': 'docs',
      'site/empty.txt': '',
      'site/ten.txt': '0123456789',
      'site/app.js': 'plain();',
      'site/app.js.br': 'brotli',
      'site/app.js.gz': 'gzip',
      'site/main.0a1b2c3d4e.css': 'a{}',
      'site/a b%20c.txt': 'odd name',
      'site/.env': 'TOKEN=x',
      'site/.well-known/security.txt': 'contact',
      'site/epinio.yml': 'name: x',
    });
    symlinkSync('../secret.txt', join(folder.path, 'site/link.txt'));
    symlinkSync('ten.txt', join(folder.path, 'site/inside.txt'));
    writeFileSync(join(folder.path, 'site/large.bin'), '');
    truncateSync(join(folder.path, 'site/large.bin'), 20_000_000);
    server = await serve(join(folder.path, 'site'));
  });

  after(async () => {
    assert.equal(await server.stop(), 0);
    folder[Symbol.dispose]();
  });

  const pages: readonly (readonly [path: string, status: number, body: string, type: string])[] = [
    ['/', 200, '<h1>start</h1>', 'text/html; charset=utf-8'],
    ['/about', 200, 'about', 'text/html; charset=utf-8'],
    ['/docs/?a=b', 200, 'docs', 'text/html; charset=utf-8'],
    ['/ten.txt', 200, '0123456789', 'text/plain; charset=utf-8'],
    ['/empty.txt', 200, '', 'text/plain; charset=utf-8'],
    ['/inside.txt', 200, '0123456789', 'text/plain; charset=utf-8'],
    ['/a%20b%2520c.txt', 200, 'odd name', 'text/plain; charset=utf-8'],
    ['/.well-known/security.txt', 200, 'contact', 'text/plain; charset=utf-8'],
    ['/nothing', 404, 'not here', 'text/html; charset=utf-8'],
    ['/ten.txt/', 404, 'not here', 'text/html; charset=utf-8'],
    ['/.env', 404, 'not here', 'text/html; charset=utf-8'],
    ['/epinio.yml', 404, 'not here', 'text/html; charset=utf-8'],
    ['/link.txt', 404, 'not here', 'text/html; charset=utf-8'],
    ['/../secret.txt', 404, 'not here', 'text/html; charset=utf-8'],
    ['/docs/..%2f..%2fsecret.txt', 404, 'not here', 'text/html; charset=utf-8'],
    ['/%2e%2e/secret.txt', 404, 'not here', 'text/html; charset=utf-8'],
    ['/..%5csecret.txt', 404, 'not here', 'text/html; charset=utf-8'],
    ['/ten.txt%00.html', 404, 'not here', 'text/html; charset=utf-8'],
    ['/%', 400, 'The address is not valid\n', 'text/plain; charset=utf-8'],
  ];
  for (const [path, status, body, type] of pages) {
    it(`answers ${path} with ${status}`, async () => {
      const answer = await server.get(path);
      assert.deepEqual([answer.status, answer.body, answer.headers['content-type']], [status, body, type]);
    });
  }

  it('sends the path of a folder to the one with a slash, never to another host', async () => {
    const folderAnswer = await server.get('/docs?a=b');
    assert.deepEqual([folderAnswer.status, folderAnswer.headers.location], [301, '/docs/?a=b']);
    assert.equal((await server.get('//docs')).headers.location, '/docs/');
  });

  it('lets clients keep what has not changed', async () => {
    const { headers } = await server.get('/ten.txt');
    const etag = headers.etag ?? '';
    assert.match(etag, /^"[\w-]{27}"$/);
    assert.equal(headers['cache-control'], 'no-cache');
    for (const known of [etag, `W/${etag}`, `"x", ${etag}`, '*']) {
      const answer = await server.get('/ten.txt', { 'if-none-match': known });
      assert.deepEqual([answer.status, answer.body, answer.headers.etag], [304, '', etag]);
    }
    assert.equal((await server.get('/ten.txt', { 'if-none-match': '"x"' })).status, 200);
    assert.equal(
      (await server.get('/main.0a1b2c3d4e.css')).headers['cache-control'],
      'public, max-age=31536000, immutable',
    );
  });

  const ranges: readonly (readonly [
    range: string,
    status: number,
    body: string,
    contentRange: string | undefined,
  ])[] = [
    ['bytes=0-3', 206, '0123', 'bytes 0-3/10'],
    ['bytes=8-', 206, '89', 'bytes 8-9/10'],
    ['bytes=-3', 206, '789', 'bytes 7-9/10'],
    ['bytes=5-99', 206, '56789', 'bytes 5-9/10'],
    ['bytes=10-', 416, 'The file is shorter\n', 'bytes */10'],
    ['bytes=-0', 416, 'The file is shorter\n', 'bytes */10'],
    ['bytes=3-1', 200, '0123456789', undefined],
    ['bytes=0-1,3-4', 200, '0123456789', undefined],
    ['lines=1-2', 200, '0123456789', undefined],
  ];
  for (const [range, status, body, contentRange] of ranges) {
    it(`answers the range ${range} with ${status}`, async () => {
      const answer = await server.get('/ten.txt', { range });
      assert.deepEqual(
        [answer.status, answer.body, answer.headers['content-range']],
        [status, body, contentRange],
      );
    });
  }

  it('answers a range only of what the client has', async () => {
    const range = 'bytes=0-0';
    const { etag = '' } = (await server.get('/ten.txt')).headers;
    assert.equal((await server.get('/ten.txt', { range, 'if-range': etag })).status, 206);
    assert.equal((await server.get('/ten.txt', { range, 'if-range': '"old"' })).status, 200);
  });

  it('sends what was compressed beforehand to clients that take it', async () => {
    const cases: readonly (readonly [accept: string, body: string, encoding: string | undefined])[] = [
      ['gzip, deflate, br', 'brotli', 'br'],
      ['gzip', 'gzip', 'gzip'],
      ['br;q=0, gzip;q=0.5', 'gzip', 'gzip'],
      ['identity', 'plain();', undefined],
    ];
    for (const [accept, body, encoding] of cases) {
      const answer = await server.get('/app.js', { 'accept-encoding': accept });
      assert.deepEqual([answer.body, answer.headers['content-encoding']], [body, encoding]);
      assert.equal(answer.headers['content-type'], 'text/javascript; charset=utf-8');
      assert.equal(answer.headers.vary, 'accept-encoding');
    }
  });

  it('answers HEAD without a body, and refuses other methods', async () => {
    const head = await server.get('/ten.txt', {}, 'HEAD');
    assert.deepEqual([head.status, head.headers['content-length'], head.body], [200, '10', '']);
    const post = await server.get('/ten.txt', {}, 'POST');
    assert.deepEqual([post.status, post.headers.allow], [405, 'GET, HEAD']);
  });

  it('sends large files whole', async () => {
    const answer = await server.get('/large.bin');
    assert.equal(answer.body.length, 20_000_000);
    assert.equal(answer.headers['content-type'], 'application/octet-stream');
  });

  it('answers unknown pages, not unknown files, with index.html where it is asked to', async () => {
    const single = await serve(join(folder.path, 'site'), '--push-state');
    try {
      assert.equal((await single.get('/some/page')).body, '<h1>start</h1>');
      assert.equal((await single.get('/missing.js')).status, 404);
    } finally {
      await single.stop();
    }
  });
});
