import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { request, type RequestOptions } from 'node:https';
import { after, before, describe, it } from 'node:test';
import type { V1Service } from '@kubernetes/client-node';
import { eventually } from '@epinio/core/testkit';
import { ServedCluster } from '../../testkit/served-cluster.ts';
import { ApiClient } from '../testing/test-api.ts';

/** Says what it was asked, redirects, hashes what it is sent, and echoes after a change of the protocol. */
const SERVER = `const { createHash } = require('crypto');
const server = require('http').createServer((request, response) => {
  const { method, url, headers } = request;
  if (url.startsWith('/moved')) return response.writeHead(302, { location: '/to?here#there' }).end();
  if (url.startsWith('/away')) return response.writeHead(302, { location: 'http://elsewhere.example/' }).end();
  if (url.startsWith('/abort')) return request.socket.destroy();
  const hash = createHash('sha256');
  request.on('data', (chunk) => hash.update(chunk)).on('end', () => {
    response.writeHead(299, { 'x-own': 'yes', 'access-control-allow-origin': '*' });
    response.end(JSON.stringify({ method, url, headers, digest: hash.digest('hex') }));
  });
});
server.on('upgrade', (request, socket) => {
  socket.write('HTTP/1.1 101 Fine\\r\\nConnection: Upgrade\\r\\nUpgrade: echo\\r\\n\\r\\nhello ');
  socket.pipe(socket);
});
server.listen(process.env.PORT, '127.0.0.1');`;

const POD = '/api/v1/namespaces/default/pods/web';
const SERVICE = '/api/v1/namespaces/default/services/front';

let cluster: ServedCluster;
let client: ApiClient;

before(async () => {
  cluster = await ServedCluster.start();
  client = ApiClient.fromKubeconfig(cluster.kubeconfigFile);
  const encoded = Buffer.from(SERVER).toString('base64');
  await cluster.runPod('web', `exec node -e "eval(Buffer.from('${encoded}', 'base64').toString())"`, {
    ports: [{ name: 'http', containerPort: 8080 }],
    readinessProbe: { tcpSocket: { port: 'http' }, periodSeconds: 1 },
  });
  await cluster.untilPod('web', (status) => status?.containerStatuses?.[0]?.ready === true);
  for (const [name, app] of [
    ['front', 'web'],
    ['nobody', 'nobody'],
  ]) {
    const port = { name: 'web', port: 80, targetPort: 'http' };
    const service = { metadata: { name }, spec: { selector: { app }, ports: [port] } };
    await cluster.api.createNamespacedService({
      namespace: 'default',
      body: JSON.parse(JSON.stringify(service)) as V1Service,
    });
  }
});
after(async () => {
  client[Symbol.dispose]();
  await cluster[Symbol.asyncDispose]();
});

interface Echo {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly digest: string;
}

describe('the proxies of pods and Services', () => {
  it('pass on requests of every method, path and query as they are, and answers as they come', async () => {
    for (const base of [
      POD,
      `${POD}:8080`,
      `${SERVICE}:80`,
      `${SERVICE}:web`,
      SERVICE.replace('front', 'http:front:80'),
    ])
      for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']) {
        const { status, headers, text } = await eventually(async () => {
          const answer = await client.call(method, `${base}/proxy/a//b%2Fc/?q=%20&q=1`);
          assert.notEqual(answer.status, 503);
          return answer;
        });
        assert.equal(status, 299, `${method} ${base}: ${text}`);
        assert.deepEqual([headers['x-own'], headers['access-control-allow-origin']], ['yes', undefined]);
        const echo = JSON.parse(text) as Echo;
        assert.deepEqual([echo.method, echo.url], [method, '/a//b%2Fc/?q=%20&q=1']);
        assert.equal(echo.headers['x-forwarded-uri'], `${base}/proxy/a//b%2Fc/`);
        assert.match(echo.headers['x-forwarded-for'] ?? '', /127\.0\.0\.1$/);
      }
  });

  it('stream bodies, and answer HEAD without one', async () => {
    const body = randomBytes(5_000_000);
    const sent = await client.call('POST', `${POD}/proxy/`, { body, contentType: 'application/x' });
    const digest = createHash('sha256').update(body).digest('hex');
    assert.equal((JSON.parse(sent.text) as Echo).digest, digest);
    const head = await client.call('HEAD', `${POD}/proxy/`);
    assert.deepEqual([head.status, head.text], [299, '']);
  });

  it('keep who asks to themselves', async () => {
    const as = { 'impersonate-user': 'a', 'x-kept': 'yes' };
    assert.equal((await client.call('GET', `${POD}/proxy/`, { headers: as })).status, 403);
    const headers = { ...as, 'impersonate-group': 'system:masters' };
    const { text } = await client.call('GET', `${POD}/proxy/`, { headers });
    const echo = (JSON.parse(text) as Echo).headers;
    assert.deepEqual([echo['x-kept'], echo['impersonate-user']], ['yes', undefined]);
  });

  it('lead redirections back to where they came through', async () => {
    const location = async (path: string): Promise<string | undefined> =>
      (await client.call('GET', path)).headers.location;
    assert.equal(await location(`${POD}/proxy/moved`), `${POD}/proxy/to?here#there`);
    assert.equal(await location(`${POD}/proxy/away`), 'http://elsewhere.example/');
    assert.equal(await location(`${POD}/proxy?q`), `${POD}/proxy/?q`);
  });

  it('change the protocol when both sides agree', async () => {
    const options: RequestOptions = { headers: { connection: 'upgrade', upgrade: 'echo' }, agent: false };
    await cluster.kubeConfig.applyToHTTPSOptions(options);
    const server = cluster.kubeConfig.getCurrentCluster()?.server ?? '';
    const sent = request(`${server}${SERVICE}:80/proxy/ws`, options);
    sent.end();
    const [answer, socket, head] = (await once(sent, 'upgrade')) as [
      { statusCode: number; headers: Record<string, string> },
      NodeJS.ReadWriteStream,
      Buffer,
    ];
    assert.deepEqual([answer.statusCode, answer.headers['upgrade']], [101, 'echo']);
    let heard = head.toString();
    socket.on('data', (chunk: Buffer) => (heard += chunk.toString()));
    socket.write('world');
    await eventually(() => assert.equal(heard, 'hello world'));
    socket.end();
    await once(socket, 'close');
  });

  it('say what is wrong as a real API server does', async () => {
    const path = (rest: string): string => `/api/v1/namespaces/default/${rest}`;
    for (const [at, status, message] of [
      ['pods/missing/proxy/', 404, 'pods "missing" not found'],
      ['pods/ftp:web:1/proxy/', 400, 'invalid pod request "ftp:web:1"'],
      [
        'pods/web:1/proxy/',
        503,
        'error trying to reach service: dial tcp 127.0.0.1:1: connect: connection refused',
      ],
      ['pods/web:none/proxy/', 503, 'error trying to reach service: dial tcp: lookup tcp/none: unknown port'],
      ['pods/web/proxy/abort', 503, 'error trying to reach service: EOF'],
      ['services/missing/proxy/', 404, 'endpoints "missing" not found'],
      ['services/missing:80/proxy/', 404, 'services "missing" not found'],
      ['services/front:81/proxy/', 503, 'no service port 81 found for service "front"'],
      ['services/front:none/proxy/', 503, 'no endpoints available for service "front:none"'],
      ['services/nobody:80/proxy/', 503, 'no endpoints available for service "nobody"'],
    ] as const) {
      const answer = await client.call('GET', path(at));
      assert.deepEqual([answer.status, answer.body['message']], [status, message], at);
    }
  });
});
