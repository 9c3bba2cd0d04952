import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { describe, it } from 'node:test';
import { hasCode } from '../kernel/errors.ts';
import { selfSigned } from '../testkit/self-signed.ts';
import { createOciClient, type OciClient, type OciClientOptions } from './client.ts';
import { digestOf } from './digest.ts';
import { mediaTypes } from './media-types.ts';

interface Listening extends AsyncDisposable {
  readonly host: string;
  /** "METHOD path", in their order. */
  readonly requests: readonly string[];
}

type Answer = (request: IncomingMessage, response: ServerResponse, count: number) => void;

/** A registry that answers as a test wants it to; `count` is the number of the request, from 1. */
async function listen(
  answer: Answer,
  makeServer: (handler: RequestListener) => Server = createServer,
): Promise<Listening> {
  const requests: string[] = [];
  const server = makeServer((request, response) => {
    requests.push(`${request.method ?? ''} ${request.url ?? ''}`);
    answer(request, response, requests.length);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    host: `127.0.0.1:${port}`,
    requests,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

async function withClient<T>(options: OciClientOptions, use: (client: OciClient) => Promise<T>): Promise<T> {
  const client = createOciClient(options);
  try {
    return await use(client);
  } finally {
    client.close();
  }
}

const CONTENT = randomBytes(300_000);
const DIGEST = digestOf(CONTENT);
const MANIFEST = JSON.stringify({ schemaVersion: 2, mediaType: mediaTypes.manifest, config: {}, layers: [] });

function sendManifest(response: ServerResponse): void {
  response.writeHead(200, { 'content-type': mediaTypes.manifest }).end(MANIFEST);
}

describe('OCI client', () => {
  it('fetches tokens for what it wants to do, and keeps them', async () => {
    const tokens: URL[] = [];
    const logins: (string | undefined)[] = [];
    await using tokenServer = await listen((request, response) => {
      tokens.push(new URL(request.url ?? '', 'http://tokens'));
      logins.push(request.headers.authorization);
      response.end(JSON.stringify({ token: `token-${tokens.length}`, expires_in: 300 }));
    });
    await using registry = await listen((request, response) => {
      const isWrite = request.method === 'POST';
      if (request.headers.authorization?.startsWith('Bearer token-') !== true) {
        const scope = `repository:team/app:${isWrite ? 'pull,push' : 'pull'}`;
        const realm = `http://${tokenServer.host}/token?account=a`;
        response.setHeader(
          'www-authenticate',
          `Bearer realm="${realm}",service="the, registry",scope="${scope}"`,
        );
        response.writeHead(401).end();
      } else sendManifest(response);
    });
    const auths = { [registry.host]: { username: 'me', password: 'secret' } };
    await withClient({ auths }, async (client) => {
      await client.manifest(`${registry.host}/team/app:1`);
      await client.manifest(`${registry.host}/team/app:2`);
    });
    assert.equal(tokens.length, 1);
    assert.equal(tokens[0]?.searchParams.get('service'), 'the, registry');
    assert.equal(tokens[0].searchParams.get('account'), 'a');
    assert.deepEqual(tokens[0].searchParams.getAll('scope'), ['repository:team/app:pull']);
    assert.equal(logins[0], `Basic ${Buffer.from('me:secret').toString('base64')}`);
    assert.equal(registry.requests.length, 3);
  });

  it('gives up when a token is refused again and again', async () => {
    await using registry = await listen((request, response) => {
      if (request.url?.startsWith('/token') === true)
        return void response.end(JSON.stringify({ token: 'useless' }));
      const realm = `http://${request.headers.host ?? ''}/token`;
      response
        .writeHead(401, { 'www-authenticate': `Bearer realm="${realm}"` })
        .end('{"errors":[{"code":"DENIED","message":"no"}]}');
    });
    await withClient({}, (client) =>
      assert.rejects(client.manifest(`${registry.host}/a:1`), (error) =>
        hasCode(error, 'REGISTRY_UNAUTHORIZED'),
      ),
    );
    assert.ok(registry.requests.length < 10, registry.requests.join('\n'));
  });

  it('takes no credentials along to another host', async () => {
    const seen: (string | undefined)[] = [];
    await using store = await listen((request, response) => {
      seen.push(request.headers.authorization);
      response.end(CONTENT);
    });
    await using registry = await listen((request, response) => {
      if (request.headers.authorization === undefined) {
        response.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end();
      } else response.writeHead(307, { location: `http://${store.host}/elsewhere` }).end();
    });
    const auths = { [registry.host]: { username: 'me', password: 'secret' } };
    const content = await withClient({ auths }, (client) =>
      buffer(client.blob(`${registry.host}/a`, DIGEST)),
    );
    assert.ok(content.equals(CONTENT), 'the content is another');
    assert.deepEqual(seen, [undefined]);
  });

  it('follows redirects to plain HTTP on this machine only, and not for ever', async () => {
    await using registry = await listen((_request, response, count) => {
      const location = count === 1 ? 'http://registry.example.com/v2/' : `/v2/again/${count}`;
      response.writeHead(302, { location }).end();
    });
    await withClient({}, async (client) => {
      const isUnreachable = (message: RegExp) => (error: unknown) => {
        assert.match(String(error), message);
        return hasCode(error, 'REGISTRY_UNREACHABLE');
      };
      await assert.rejects(client.manifest(`${registry.host}/a:1`), isUnreachable(/not encrypted/));
      await assert.rejects(client.manifest(`${registry.host}/a:1`), isUnreachable(/more than 5 redirects/));
    });
  });

  it('tries again when the registry is busy or hangs up', async () => {
    await using registry = await listen((request, response, count) => {
      if (count === 1) response.writeHead(503, { 'retry-after': '0' }).end();
      else if (count === 2) request.socket.destroy();
      else sendManifest(response);
    });
    await withClient({}, (client) => client.manifest(`${registry.host}/a:1`));
    assert.equal(registry.requests.length, 3);
  });

  it('pushes a manifest again that the registry refused while another push wrote one of its layers', async () => {
    await using registry = await listen((_request, response, count) => {
      const body = JSON.stringify({
        errors: [{ code: 'DIGEST_INVALID', message: 'provided digest did not match' }],
      });
      if (count === 1) response.writeHead(400).end(body);
      else response.writeHead(201).end();
    });
    const manifest = {
      schemaVersion: 2 as const,
      config: { mediaType: mediaTypes.config, digest: DIGEST, size: 2 },
      layers: [],
    };
    await withClient({}, (client) => client.pushManifest(`${registry.host}/a:1`, manifest));
    assert.equal(registry.requests.length, 2);
  });

  it('goes on where a download broke off', async () => {
    for (const knowsRange of [true, false]) {
      const ranges: (string | undefined)[] = [];
      await using registry = await listen((request, response) => {
        ranges.push(request.headers.range);
        const start = Number(/\d+/.exec(request.headers.range ?? '0')?.[0]);
        const from = knowsRange ? start : 0;
        const isLast = ranges.length === 3;
        response.writeHead(from > 0 ? 206 : 200, { 'content-length': CONTENT.length - from });
        if (isLast) response.end(CONTENT.subarray(from));
        else response.write(CONTENT.subarray(from, 100_000 * ranges.length), () => response.destroy());
      });
      const content = await withClient({}, (client) => buffer(client.blob(`${registry.host}/a`, DIGEST)));
      assert.ok(content.equals(CONTENT), 'the content is another');
      assert.equal(ranges[0], undefined);
      assert.match(ranges[1] ?? '', /^bytes=\d+-$/);
    }
  });

  it('hands out no content that the digest or the size does not fit', async () => {
    const wrong = Buffer.from(CONTENT);
    wrong[200_000] = (wrong[200_000] ?? 0) ^ 1;
    await using registry = await listen((request, response) => {
      if (request.url?.includes('/manifests/') === true) sendManifest(response);
      else response.end(wrong);
    });
    const isCorrupt = (error: unknown): boolean => hasCode(error, 'REGISTRY_CORRUPT');
    await withClient({}, async (client) => {
      const image = `${registry.host}/a`;
      await assert.rejects(buffer(client.blob(image, DIGEST)), isCorrupt);
      await assert.rejects(
        buffer(client.blob(image, { digest: digestOf(wrong), size: wrong.length - 1 })),
        isCorrupt,
      );
      await assert.rejects(
        buffer(client.blob(image, { digest: digestOf(wrong), size: wrong.length + 1 })),
        isCorrupt,
      );
      await assert.rejects(client.manifest(`${image}@${DIGEST}`), isCorrupt);
      await assert.rejects(buffer(client.blob(image, 'sha256:abc')), (error) =>
        hasCode(error, 'DIGEST_INVALID'),
      );
    });
  });

  it('waits no longer than it was told to', async () => {
    await using registry = await listen((request, response) => {
      if (request.url?.includes('/blobs/') === true) response.write(CONTENT.subarray(0, 10)); // and then nothing
    });
    await withClient({ timeouts: { idleMs: 50 } }, async (client) => {
      const isLate = (error: unknown): boolean =>
        hasCode(error, 'REGISTRY_UNREACHABLE') && /50 ms/.test(String(error));
      await assert.rejects(client.manifest(`${registry.host}/a:1`), isLate);
      await assert.rejects(buffer(client.blob(`${registry.host}/a`, DIGEST)), isLate);
    });
  });

  it('stops when it is told to', async () => {
    const controller = new AbortController();
    const reason = new Error('the user has gone');
    await using registry = await listen(() => controller.abort(reason));
    const { signal } = controller;
    await withClient({}, async (client) => {
      await assert.rejects(client.manifest(`${registry.host}/a:1`, { signal }), (error) => error === reason);
      await assert.rejects(
        buffer(client.blob(`${registry.host}/a`, DIGEST, signal)),
        (error) => error === reason,
      );
    });
    assert.equal(registry.requests.length, 1);
  });

  it('passes on why the content to be pushed could not be read', async () => {
    await using registry = await listen((request, response) => {
      request.resume();
      if (request.method === 'HEAD') response.writeHead(404).end();
      else if (request.method === 'POST')
        response.writeHead(202, { location: '/v2/a/blobs/uploads/1' }).end();
    });
    const open = (): Readable =>
      Readable.from(
        (async function* () {
          yield CONTENT;
          throw new Error('the file is gone');
        })(),
      );
    await withClient({}, (client) =>
      assert.rejects(
        client.pushBlob(`${registry.host}/a`, { digest: DIGEST, size: 1_000_000, open }),
        (error) => hasCode(error, 'SOURCE_UNREADABLE') && /the file is gone/.test(String(error)),
      ),
    );
  });

  it('begins an upload anew that the network broke off', async () => {
    const received: number[] = [];
    await using registry = await listen((request, response) => {
      if (request.method === 'HEAD') return void response.writeHead(404).end();
      if (request.method === 'POST') {
        return void response.writeHead(202, { location: `/v2/a/blobs/uploads/${received.push(0)}` }).end();
      }
      const number = Number(request.url?.match(/uploads\/(\d+)\?/)?.[1]);
      request.on('data', (chunk: Buffer) => {
        received[number - 1] = (received[number - 1] ?? 0) + chunk.length;
        if (number === 1) request.socket.destroy();
      });
      request.on('end', () => response.writeHead(201).end());
    });
    const blob = { digest: DIGEST, size: CONTENT.length, open: () => Readable.from([CONTENT]) };
    const result = await withClient({}, (client) => client.pushBlob(`${registry.host}/a`, blob));
    assert.equal(result, 'uploaded');
    assert.equal(received.length, 2);
    assert.equal(received[1], CONTENT.length);
  });

  it('speaks TLS where it has a CA, and only to whom it signed', async () => {
    const { certificate, key } = selfSigned('127.0.0.1');
    const secure = (handler: RequestListener): Server => createTlsServer({ cert: certificate, key }, handler);
    await using registry = await listen((_request, response) => sendManifest(response), secure);
    await withClient({ ca: certificate }, (client) => client.manifest(`${registry.host}/a:1`));
    await withClient({ ca: selfSigned('127.0.0.1').certificate }, (client) =>
      assert.rejects(client.manifest(`${registry.host}/a:1`), (error) =>
        hasCode(error, 'REGISTRY_UNREACHABLE'),
      ),
    );
  });

  it('says what the registry said', async () => {
    await using registry = await listen((_request, response) => {
      response.writeHead(400).end('{"errors":[{"code":"NAME_INVALID","message":"not like this"}]}');
    });
    await withClient({}, (client) =>
      assert.rejects(
        client.manifest(`${registry.host}/a:1`),
        (error: Error & { details?: readonly string[] }) => {
          assert.match(error.message, /could not read "127.*answered 400/);
          assert.deepEqual(error.details, ['The registry said: NAME_INVALID: not like this']);
          return hasCode(error, 'REGISTRY_REFUSED');
        },
      ),
    );
  });
});
