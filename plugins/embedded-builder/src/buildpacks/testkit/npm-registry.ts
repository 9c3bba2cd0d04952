import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import { buffer } from 'node:stream/consumers';
import { pack } from '@epinio/core/archive';
import { temporaryFolder } from '../../lifecycle/testkit/temporary-folder.ts';
import { writeFiles } from '../../lifecycle/testkit/write-files.ts';

/** A package registry with the one package "greeting", so that npm needs no network. */
export interface NpmRegistry extends AsyncDisposable {
  /** Files of an application that depends on the package: as `kind`, in the given version. */
  application(version: string, kind?: 'dependencies' | 'devDependencies'): Readonly<Record<string, string>>;
  /** How often the package itself was fetched. */
  readonly fetched: number;
}

/** Its program `greet` and its module say "hello from <version>". */
async function tarball(version: string): Promise<Buffer> {
  using folder = temporaryFolder();
  const hello = `hello from ${version}`;
  writeFiles(folder.path, {
    'package/package.json': JSON.stringify({
      name: 'greeting',
      version,
      main: 'index.js',
      bin: { greet: 'greet.js' },
    }),
    'package/index.js': `module.exports = ${JSON.stringify(hello)};\n`,
    'package/greet.js': `#!/usr/bin/env node\nrequire('fs').writeFileSync('made.txt', ${JSON.stringify(hello)});\n`,
  });
  return gzipSync(await buffer(pack(folder.path)));
}

export async function openNpmRegistry(): Promise<NpmRegistry> {
  const versions = new Map<string, Buffer>();
  for (const version of ['1.0.0', '2.0.0']) versions.set(version, await tarball(version));
  let fetched = 0;
  const server = createServer((request, response) => {
    const content = versions.get(/greeting-(.*)\.tgz$/.exec(request.url ?? '')?.[1] ?? '');
    if (content === undefined) {
      void text(request).then(() => response.writeHead(404).end());
      return;
    }
    fetched += 1;
    response.writeHead(200, { 'content-type': 'application/octet-stream' }).end(content);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    application(version, kind = 'dependencies') {
      const manifest = { name: 'app', version: '1.0.0', [kind]: { greeting: version } };
      const entry = {
        version,
        resolved: `${url}/greeting/-/greeting-${version}.tgz`,
        integrity: `sha512-${createHash('sha512')
          .update(versions.get(version) ?? '')
          .digest('base64')}`,
        dev: kind === 'devDependencies',
        bin: { greet: 'greet.js' },
      };
      const packages = { '': manifest, 'node_modules/greeting': entry };
      return {
        'package.json': JSON.stringify(manifest),
        'package-lock.json': JSON.stringify({ ...manifest, lockfileVersion: 3, requires: true, packages }),
        '.npmrc': `registry=${url}/\n`,
      };
    },
    get fetched() {
      return fetched;
    },
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}
