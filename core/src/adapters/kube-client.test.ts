import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { hasCode } from '../kernel/errors.ts';
import type { KubeClient } from '../ports/kube-connector.ts';
import { createKube, type KubeClientOptions } from './kube-client.ts';

interface Asked {
  readonly method: string;
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}
type Answer = (asked: Asked, response: ServerResponse) => unknown;

/** An API server that answers what a test tells it to; core/v1 has ConfigMaps, Nodes and Pods. */
async function serve(answer: Answer): Promise<
  AsyncDisposable & {
    readonly url: string;
    readonly asked: Asked[];
    connect(rest?: Partial<KubeClientOptions>, user?: object): Promise<KubeClient>;
  }
> {
  const asked: Asked[] = [];
  const clients: KubeClient[] = [];
  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<unknown> => {
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://x');
    const entry = {
      method: request.method ?? '',
      path: pathname,
      query: Object.fromEntries(searchParams),
      headers: request.headers,
      body: await text(request),
    };
    asked.push(entry);
    if (pathname === '/api/v1') return json(response, 200, CORE_V1);
    return await answer(entry, response);
  };
  const server = createServer((request, response) => {
    handle(request, response).catch((error: unknown) => response.destroy(error as Error));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    asked,
    async connect(rest = {}, user = { token: 'secret' }) {
      const client = await createKube({ kubeconfig: kubeconfig(url, user), ...rest });
      clients.push(client);
      return client;
    },
    async [Symbol.asyncDispose]() {
      for (const client of clients) await client.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function kubeconfig(server: string, user: object = {}): string {
  return JSON.stringify({
    clusters: [{ name: 'c', cluster: { server } }],
    users: [{ name: 'u', user }],
    contexts: [{ name: 'test', context: { cluster: 'c', user: 'u' } }],
    'current-context': 'test',
  });
}

const CORE_V1 = {
  kind: 'APIResourceList',
  resources: [
    { name: 'configmaps', kind: 'ConfigMap', namespaced: true },
    { name: 'nodes', kind: 'Node', namespaced: false },
    { name: 'pods', kind: 'Pod', namespaced: true },
    { name: 'pods/log', kind: 'Pod', namespaced: true },
  ],
};
const MAPS = { apiVersion: 'v1', kind: 'ConfigMap' } as const;
const A_MAP = { ...MAPS, namespace: 'ns', name: 'a' } as const;

function json(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
): boolean {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(JSON.stringify(body));
  return true;
}

function failure(
  response: ServerResponse,
  code: number,
  reason: string,
  message: string,
  headers?: Record<string, string>,
): boolean {
  return json(response, code, { kind: 'Status', status: 'Failure', code, reason, message }, headers);
}

test('finds kinds by discovery, once', async () => {
  await using server = await serve(({ path }, response) =>
    json(response, 200, { ...MAPS, metadata: { name: path } }),
  );
  const kube = await server.connect();
  await Promise.all([
    kube.get(A_MAP),
    kube.get({ ...A_MAP, name: 'b' }),
    kube.get({ apiVersion: 'v1', kind: 'Node', name: 'n' }),
  ]);
  assert.deepEqual(server.asked.map(({ path }) => path).toSorted(), [
    '/api/v1',
    '/api/v1/namespaces/ns/configmaps/a',
    '/api/v1/namespaces/ns/configmaps/b',
    '/api/v1/nodes/n',
  ]);
  assert.equal(
    server.asked.every(({ headers }) => headers.authorization === 'Bearer secret'),
    true,
  );
});

test('a kind that appears later is found', async () => {
  let installed = false;
  await using server = await serve(({ path }, response) => {
    if (!installed)
      return failure(response, 404, 'NotFound', 'the server could not find the requested resource');
    if (path === '/apis/a.b/v1')
      return json(response, 200, { resources: [{ name: 'things', kind: 'Thing', namespaced: false }] });
    return json(response, 200, { metadata: { resourceVersion: '7' }, items: [{ metadata: { name: 'x' } }] });
  });
  const kube = await server.connect();
  const things = { apiVersion: 'a.b/v1', kind: 'Thing' };
  assert.deepEqual(await kube.list(things), { items: [], resourceVersion: '' });
  assert.equal(await kube.get({ ...things, name: 'x' }), undefined);
  await assert.rejects(kube.create({ ...things, metadata: { name: 'x' } }), {
    code: 'KUBE_NOT_FOUND',
    message: /"Thing" of "a.b\/v1"/,
  });
  installed = true;
  assert.deepEqual(await kube.list(things), {
    items: [{ ...things, metadata: { name: 'x' } }],
    resourceVersion: '7',
  });
});

test('lists are read in chunks, and all at once when the server forgot the next one', async () => {
  let forgets = false;
  await using server = await serve(({ query }, response) => {
    const metadata = { resourceVersion: '9' };
    if (query['limit'] === undefined)
      return json(response, 200, { metadata, items: [{ metadata: { name: 'all' } }] });
    if (query['continue'] === undefined)
      return json(response, 200, {
        metadata: { ...metadata, continue: 'n/x' },
        items: [{ metadata: { name: 'one' } }],
      });
    if (forgets) return failure(response, 410, 'Expired', 'The provided continue parameter is too old');
    return json(response, 200, { metadata, items: [{ metadata: { name: 'two' } }] });
  });
  const kube = await server.connect();
  const names = async (): Promise<string[]> =>
    (await kube.list(MAPS, { labelSelector: 'a=b' })).items.map(({ metadata }) => metadata.name);
  assert.deepEqual(await names(), ['one', 'two']);
  assert.deepEqual(server.asked.at(-1)?.query, { labelSelector: 'a=b', limit: '500', continue: 'n/x' });
  forgets = true;
  assert.deepEqual(await names(), ['all']);
});

test('answers are unzipped', async () => {
  await using server = await serve((_, response) => {
    response.writeHead(200, { 'content-encoding': 'gzip' });
    response.end(gzipSync(JSON.stringify({ ...MAPS, metadata: { name: 'zipped' } })));
  });
  const kube = await server.connect();
  assert.equal((await kube.get(A_MAP))?.metadata.name, 'zipped');
});

const FAILURES: readonly [status: number, reason: string, code: string][] = [
  [401, 'Unauthorized', 'KUBE_FORBIDDEN'],
  [403, 'Forbidden', 'KUBE_FORBIDDEN'],
  [404, 'NotFound', 'KUBE_NOT_FOUND'],
  [409, 'AlreadyExists', 'KUBE_ALREADY_EXISTS'],
  [409, 'Conflict', 'KUBE_CONFLICT'],
  [410, 'Expired', 'KUBE_GONE'],
  [422, 'Invalid', 'KUBE_INVALID'],
  [500, 'InternalError', 'KUBE_FAILED'],
];

for (const [status, reason, code] of FAILURES) {
  test(`${status} ${reason} is ${code}, in the server's words`, async () => {
    await using server = await serve((_, response) => failure(response, status, reason, 'said the server'));
    const kube = await server.connect();
    const body = { type: 'merge', patch: {} } as const;
    await assert.rejects(kube.patch(A_MAP, body), { code, message: 'said the server' });
    assert.equal(server.asked.length, 2);
  });
}

test('an answer that is no Status is shown, shortened', async () => {
  await using server = await serve((_, response) =>
    response.writeHead(502).end(`Bad gateway ${'x'.repeat(10_000)}`),
  );
  const kube = await server.connect();
  await assert.rejects(kube.get(A_MAP), ({ code, message }: { code: string; message: string }) => {
    assert.equal(code, 'KUBE_FAILED');
    assert.match(message, /^Bad gateway x/);
    assert.ok(message.length <= 500, 'message.length <= 500');
    return true;
  });
});

test('a success that is no JSON is a failure', async () => {
  await using server = await serve((_, response) => response.end('<html>log in</html>'));
  const kube = await server.connect();
  await assert.rejects(kube.get(A_MAP), { code: 'KUBE_FAILED', message: /no JSON: "<html>/ });
});

test('an object of a namespaced kind without a namespace is refused before it is sent', async () => {
  await using server = await serve(() => undefined);
  const kube = await server.connect();
  const refusal = { code: 'KUBE_INVALID', message: 'ConfigMap "a" needs a namespace' };
  await assert.rejects(kube.create({ ...MAPS, metadata: { name: 'a' } }), refusal);
  await assert.rejects(kube.get({ ...MAPS, name: 'a' }), refusal);
  assert.equal(server.asked.length, 1);
});

test('a busy server is asked again', async () => {
  let refusals = 2;
  await using server = await serve((_, response) => {
    if (refusals-- > 0) return failure(response, 429, 'TooManyRequests', 'busy', { 'retry-after': '0' });
    return json(response, 201, { ...MAPS, metadata: { name: 'a' } });
  });
  const kube = await server.connect();
  await kube.create({ ...MAPS, metadata: { name: 'a', namespace: 'ns' } });
  assert.equal(server.asked.filter(({ method }) => method === 'POST').length, 3);
});

test('a server that stays busy is given up', async () => {
  await using server = await serve((_, response) =>
    failure(response, 429, 'TooManyRequests', 'busy', { 'retry-after': '0' }),
  );
  const kube = await server.connect();
  await assert.rejects(kube.get(A_MAP), { code: 'KUBE_FAILED', message: 'busy' });
  assert.equal(server.asked.length, 6);
});

test('a cut connection is tried again for what can be repeated, and only for that', async () => {
  let cuts = 0;
  await using server = await serve((_, response) => {
    if (cuts-- > 0) return response.socket?.destroy();
    return json(response, 200, { ...MAPS, metadata: { name: 'a' } });
  });
  const kube = await server.connect();
  cuts = 2;
  assert.equal((await kube.get(A_MAP))?.metadata.name, 'a');
  cuts = 1;
  await kube.apply({ ...MAPS, metadata: { name: 'a', namespace: 'ns' } }, { fieldManager: 'epinio/test' });
  cuts = 1;
  await assert.rejects(kube.create({ ...MAPS, metadata: { name: 'a', namespace: 'ns' } }), {
    code: 'KUBE_UNREACHABLE',
  });
  cuts = 1;
  await assert.rejects(kube.patch(A_MAP, { type: 'json', patch: [] }), { code: 'KUBE_UNREACHABLE' });
});

test('apply declares whole objects as one manager, by force unless told otherwise', async () => {
  await using server = await serve((_, response) => json(response, 200, {}));
  const kube = await server.connect();
  const object = { ...MAPS, metadata: { name: 'a', namespace: 'ns', managedFields: [] }, data: { k: 'v' } };
  await kube.apply(object, { fieldManager: 'epinio/x' });
  await kube.apply(object, { fieldManager: 'epinio/x', force: false, dryRun: true });
  const [, first, second] = server.asked;
  assert.equal(first?.headers['content-type'], 'application/apply-patch+yaml');
  assert.deepEqual(first.query, { fieldManager: 'epinio/x', force: 'true' });
  assert.deepEqual(JSON.parse(first.body), {
    ...MAPS,
    metadata: { name: 'a', namespace: 'ns' },
    data: { k: 'v' },
  });
  assert.deepEqual(second?.query, { fieldManager: 'epinio/x', force: 'false', dryRun: 'All' });
});

test('delete sends its options, and says whether there was anything', async () => {
  let present = true;
  await using server = await serve((_, response) =>
    present ? json(response, 200, { kind: 'Status' }) : failure(response, 404, 'NotFound', 'not found'),
  );
  const kube = await server.connect();
  assert.equal(await kube.delete(A_MAP, { propagation: 'Orphan', gracePeriodSeconds: 0, uid: 'u' }), true);
  assert.deepEqual(JSON.parse(server.asked.at(-1)?.body ?? ''), {
    apiVersion: 'v1',
    kind: 'DeleteOptions',
    propagationPolicy: 'Orphan',
    gracePeriodSeconds: 0,
    preconditions: { uid: 'u' },
  });
  present = false;
  assert.equal(await kube.delete(A_MAP), false);
});

test('a server that is not there: the address and what to do, at once', async () => {
  const kube = await createKube({ kubeconfig: kubeconfig('http://127.0.0.1:1') });
  await assert.rejects(kube.get(A_MAP), {
    code: 'KUBE_UNREACHABLE',
    message: 'The Kubernetes API at "http://127.0.0.1:1" refuses connections',
    fix: 'Check that the cluster runs, and the address of context "test" in the kubeconfig',
  });
  await kube.close();
});

test('a server that does not answer is given up after the deadline', async () => {
  await using server = await serve(() => undefined);
  const kube = await server.connect({ requestTimeoutMs: 50 });
  await assert.rejects(kube.get(A_MAP), { code: 'KUBE_UNREACHABLE', message: /no answer within 0\.05 s/ });
});

test('an abort ends a request with its reason, and close all of them', async () => {
  const stop = new AbortController();
  await using server = await serve(({ query }) =>
    query['labelSelector'] === undefined ? stop.abort(new Error('enough')) : undefined,
  );
  const kube = await server.connect();
  await assert.rejects(kube.list(MAPS, { signal: stop.signal }), /enough/);
  const waiting = kube.list(MAPS, { labelSelector: 'a' });
  const failed = assert.rejects(waiting, { code: 'KUBE_CLOSED' });
  await kube.close();
  await failed;
  await assert.rejects(kube.list(MAPS), { code: 'KUBE_CLOSED' });
  const ended = await server.connect({ signal: stop.signal });
  await assert.rejects(ended.list(MAPS), { code: 'KUBE_CLOSED' });
});

test('watch: asks for bookmarks and an end, and yields events split over any chunks', async () => {
  const line = (type: string, name: string): string =>
    `${JSON.stringify({ type, object: { ...MAPS, metadata: { name } } })}\n`;
  await using server = await serve((_, response) => {
    const all = Buffer.from(
      line('ADDED', 'ä') + line('BOOKMARK', '') + '\n' + line('DELETED', 'ä') + '{"type":"ADD',
    );
    response.writeHead(200);
    for (const byte of all) response.write(Buffer.from([byte]));
    response.end();
  });
  const kube = await server.connect({ random: () => 0.5 });
  const events: string[] = [];
  for await (const { type, object } of kube.watch(MAPS, { resourceVersion: '5' }))
    events.push(`${type} ${object.metadata.name}`);
  assert.deepEqual(events, ['ADDED ä', 'BOOKMARK ', 'DELETED ä']);
  const expected = {
    watch: 'true',
    allowWatchBookmarks: 'true',
    timeoutSeconds: '300',
    resourceVersion: '5',
  };
  assert.deepEqual(server.asked.at(-1)?.query, expected);
});

test('watch: an ERROR event fails with its code, a cut connection is the end', async () => {
  let cut = false;
  await using server = await serve((_, response) => {
    response.writeHead(200);
    if (cut) return response.write('{"type":"BOOK', () => response.socket?.destroy());
    return response.write(
      `${JSON.stringify({ type: 'ERROR', object: { kind: 'Status', code: 410, message: 'too old' } })}\n`,
    );
  });
  const kube = await server.connect();
  const drain = async (): Promise<void> => {
    for await (const event of kube.watch(MAPS, { resourceVersion: '1' })) assert.fail(event.type);
  };
  await assert.rejects(drain(), { code: 'KUBE_GONE', message: 'too old' });
  cut = true;
  await drain();
});

test('watch: its signal ends it while it waits, and frees the connection', async () => {
  const closed: Promise<unknown>[] = [];
  await using server = await serve((_, response) => {
    closed.push(new Promise((resolve) => response.once('close', resolve)));
    response.writeHead(200);
    response.write(`${JSON.stringify({ type: 'ADDED', object: { ...MAPS, metadata: { name: 'a' } } })}\n`);
  });
  const kube = await server.connect();
  const stop = new AbortController();
  for await (const { type } of kube.watch(MAPS, { signal: stop.signal })) {
    assert.equal(type, 'ADDED');
    setImmediate(() => stop.abort());
  }
  for await (const { type } of kube.watch(MAPS)) {
    assert.equal(type, 'ADDED');
    break;
  }
  assert.equal(closed.length, 2);
  await Promise.all(closed);
});

test('logs: options, bytes, follow until aborted, and a cut connection is no end', async () => {
  let act: (response: ServerResponse) => void = (response) => response.end('one\ntwo\n');
  await using server = await serve((_, response) => {
    response.writeHead(200);
    act(response);
  });
  const kube = await server.connect();
  const pod = { namespace: 'ns', name: 'p' };
  assert.equal(
    await text(await kube.logs(pod, { container: 'main', tailLines: 2, timestamps: true })),
    'one\ntwo\n',
  );
  assert.equal(server.asked.at(-1)?.path, '/api/v1/namespaces/ns/pods/p/log');
  assert.deepEqual(server.asked.at(-1)?.query, { container: 'main', tailLines: '2', timestamps: 'true' });
  const stop = new AbortController();
  act = (response) => response.write('live\n');
  const followed = await kube.logs(pod, { follow: true, signal: stop.signal });
  followed.once('data', () => stop.abort());
  assert.equal(await text(followed), 'live\n');
  act = (response) => response.write('half', () => response.socket?.destroy());
  await assert.rejects(text(await kube.logs(pod)), { code: 'KUBE_UNREACHABLE' });
});

test('credentials: password, impersonation, and a token file that is read again when it is refused', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'epinio-kube-'));
  const tokenFile = join(folder, 'token');
  await writeFile(tokenFile, 'old\n');
  await using server = await serve(async ({ headers }, response) => {
    if (headers.authorization === 'Bearer old') {
      await writeFile(tokenFile, 'new\n');
      return failure(response, 401, 'Unauthorized', 'Unauthorized');
    }
    return json(response, 200, { ...MAPS, metadata: { name: 'a' } });
  });
  const basic = await server.connect({}, { username: 'me', password: 'pw', as: 'you' });
  await basic.get(A_MAP);
  assert.equal(
    server.asked.at(-1)?.headers.authorization,
    `Basic ${Buffer.from('me:pw').toString('base64')}`,
  );
  assert.equal(server.asked.at(-1)?.headers['impersonate-user'], 'you');
  const file = await server.connect({}, { tokenFile });
  await file.get(A_MAP);
  assert.equal(server.asked.at(-1)?.headers.authorization, 'Bearer new');
  await rm(folder, { recursive: true });
});

test('credentials: an exec plugin is told the protocol, run once, and its failure is explained', async () => {
  await using server = await serve((_, response) =>
    json(response, 200, { ...MAPS, metadata: { name: 'a' } }),
  );
  const program = `
    const info = JSON.parse(process.env.KUBERNETES_EXEC_INFO);
    const token = [process.pid, info.apiVersion, process.env.REGION].join(' ');
    console.log(JSON.stringify({ kind: 'ExecCredential', status: { token } }));`;
  const exec = (code: string): object => ({
    exec: {
      apiVersion: 'client.authentication.k8s.io/v1',
      command: process.execPath,
      args: ['-e', code],
      env: [{ name: 'REGION', value: 'here' }],
    },
  });
  const kube = await server.connect({}, exec(program));
  await Promise.all([kube.get(A_MAP), kube.get(A_MAP)]);
  const tokens = new Set(server.asked.map(({ headers }) => headers.authorization));
  assert.equal(tokens.size, 1);
  assert.match([...tokens][0] ?? '', /^Bearer \d+ client\.authentication\.k8s\.io\/v1 here$/);
  const broken = await server.connect({}, exec('console.error("log in first"); process.exit(3)'));
  await assert.rejects(broken.get(A_MAP), {
    code: 'KUBE_LOGIN_FAILED',
    message: /of the kubeconfig's user "u" failed: log in first$/,
  });
});

test('kubeconfigs: YAML, contexts by name, and what is wrong with a bad one', async () => {
  await using server = await serve((_, response) =>
    json(response, 200, { ...MAPS, metadata: { name: 'a' } }),
  );
  const yaml = `
clusters: [{ name: c, cluster: { server: "${server.url}/prefix/" } }, { name: bad, cluster: { server: "no url" } }]
contexts: [{ name: one, context: { cluster: c, user: none } }, { name: two, context: { cluster: bad } }, { name: three, context: { cluster: gone } }]
current-context: two
`;
  const kube = await createKube({ kubeconfig: yaml, context: 'one' });
  await kube
    .get(A_MAP)
    .catch((error: unknown) => assert.ok(hasCode(error, 'KUBE_FAILED'), "hasCode(error, 'KUBE_FAILED')"));
  assert.equal(server.asked[0]?.path, '/prefix/api/v1');
  await kube.close();
  const read = (context?: string, text = yaml): Promise<unknown> =>
    createKube({ kubeconfig: text, ...(context === undefined ? {} : { context }) });
  await assert.rejects(read(), {
    code: 'KUBECONFIG_INVALID',
    message: /cluster "bad" has the server "no url", which is no URL/,
  });
  await assert.rejects(read('three'), { code: 'KUBECONFIG_INVALID', message: /names the cluster "gone"/ });
  await assert.rejects(read('four'), {
    code: 'KUBECONFIG_CONTEXT',
    fix: 'Use one of: "one", "two", "three"',
  });
  await assert.rejects(read(undefined, 'clusters: []'), {
    code: 'KUBECONFIG_CONTEXT',
    message: /no current context/,
  });
  await assert.rejects(read(undefined, '{ not json'), { code: 'KUBECONFIG_INVALID' });
  await assert.rejects(read(undefined, 'just text'), { code: 'KUBECONFIG_INVALID', message: /not a map/ });
  await assert.rejects(read(undefined, 'clusters: [{ name: c }]'), {
    code: 'KUBECONFIG_INVALID',
    message: /clusters\[0\]\.cluster is missing/,
  });
});
