import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { promisify } from 'node:util';
import { needProgram } from '@epinio/core/testkit';
import { openApp } from './testkit/open-app.ts';
import { openIngress } from './testkit/open-ingress.ts';

const run = promisify(execFile);

describe('as curl sees it', { timeout: 30_000 }, () => {
  it('speaks HTTP/1.1 and HTTP/2, verified, and redirects from plain HTTP', async (t: TestContext) => {
    const curl = needProgram(t, 'curl', 'request a URL as people do');
    if (curl === undefined) return;
    await using ingress = await openIngress();
    await using app = await openApp(
      ingress,
      'curled',
      (req, res) => void req.pipe(res.writeHead(200, { 'x-app': 'yes' })),
    );
    const folder = await mkdtemp(join(tmpdir(), 'epinio-curl-'));
    try {
      const ca = join(folder, 'ca.pem');
      const upload = join(folder, 'upload');
      await writeFile(ca, app.ca);
      await writeFile(upload, Buffer.alloc(3_000_000, 'e'));
      const { httpPort, httpsPort } = await ingress.ingress.address();
      const resolve = [httpPort, httpsPort].flatMap((port) => ['--resolve', `${app.host}:${port}:127.0.0.1`]);
      const ask = async (...args: string[]): Promise<string> =>
        (
          await run(curl, ['--silent', '--show-error', '--cacert', ca, ...resolve, ...args], {
            maxBuffer: 2 ** 23,
          })
        ).stdout;

      const url = `https://${app.host}:${httpsPort}/`;
      for (const [flag, version] of [
        ['--http1.1', '1.1'],
        ['--http2', '2'],
      ] as const) {
        const format = '\n%{http_version} %{http_code} %{size_upload}';
        const answer = await ask(flag, '--data-binary', `@${upload}`, '--write-out', format, url);
        assert.equal(answer.length - format.length > 2_999_900, true);
        assert.match(answer.slice(-40), new RegExp(`\\n${version} 200 3000000$`));
      }
      const plain = `http://${app.host}:${httpPort}/a?b=c`;
      const redirected = await ask('--location', '--data', 'kept', '--write-out', ' %{url_effective}', plain);
      assert.equal(redirected, `kept https://${app.host}:${httpsPort}/a?b=c`);
      await assert.rejects(ask(`https://nobody.localhost:${httpsPort}/`), /certificate/);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
