import assert from 'node:assert/strict';
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { createServer, get, request } from 'node:http';
import { connect, createServer as createTcpServer, type AddressInfo } from 'node:net';
import { buffer, text } from 'node:stream/consumers';
import { after, before, describe, it, type TestContext } from 'node:test';
import { promisify } from 'node:util';
import { PortForward, type V1Service } from '@kubernetes/client-node';
import { eventually, needProgram } from '@epinio/core/testkit';
import { ServedCluster } from '../../testkit/served-cluster.ts';

const MEGABYTE = 1024 * 1024;
/** Answers with as many bytes as the path says, or with the digest of what it is sent. */
const SERVER = `const { createHash } = require('crypto');
require('http').createServer((request, response) => {
  if (request.method === 'POST') {
    const hash = createHash('sha256');
    request.on('data', (chunk) => hash.update(chunk)).on('end', () => response.end(hash.digest('hex')));
    return;
  }
  response.end(Buffer.alloc(Number(request.url.slice(1)), 'x'));
}).listen(process.env.PORT, '127.0.0.1');`;

let cluster: ServedCluster;

before(async () => {
  cluster = await ServedCluster.start();
  await cluster.runPod('web', `exec node -e "${SERVER.replaceAll('\n', ' ')}"`, {
    ports: [{ name: 'http', containerPort: 8080 }],
    readinessProbe: { tcpSocket: { port: 'http' }, periodSeconds: 1 },
  });
  await cluster.untilPod('web', (status) => status?.containerStatuses?.[0]?.ready === true);
  const service = `{
    "metadata": { "name": "front" },
    "spec": { "selector": { "app": "web" }, "ports": [{ "port": 80, "targetPort": "http" }] }
  }`;
  const body = JSON.parse(service) as V1Service;
  await cluster.api.createNamespacedService({ namespace: 'default', body });
});
after(async () => {
  await cluster[Symbol.asyncDispose]();
});

function fetchBytes(port: number, path: string): Promise<number> {
  return new Promise((resolve, reject) => {
    get({ port, path, agent: false }, (response) => {
      buffer(response).then(({ length }) => resolve(length), reject);
    }).on('error', reject);
  });
}

describe('port-forward with kubectl', () => {
  async function forward(t: TestContext, target: string, port: number) {
    if (needProgram(t, 'kubectl', 'see what real clients make of port forwarding') === undefined)
      return undefined;
    const client: ChildProcess = spawn('kubectl', ['port-forward', target, `:${port}`], {
      env: cluster.env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    t.after(() => client.kill());
    const seen = { output: '' };
    for (const stream of [client.stdout, client.stderr])
      stream?.setEncoding('utf8').on('data', (chunk: string) => (seen.output += chunk));
    const local = await eventually(() => {
      const found = /Forwarding from 127\.0\.0\.1:(\d+)/.exec(seen.output)?.[1];
      assert.ok(found !== undefined, seen.output);
      return Number(found);
    }, 30_000);
    return { local, seen, client };
  }

  it('reaches the real port behind a declared one, of a pod and of a service', async (t) => {
    for (const [target, port] of [
      ['pod/web', 8080],
      ['service/front', 80],
    ] as const) {
      const forwarded = await forward(t, target, port);
      if (forwarded === undefined) return;
      assert.equal(await fetchBytes(forwarded.local, '/5'), 5);
    }
  });

  it('carries many connections at once, in both directions', async (t) => {
    const forwarded = await forward(t, 'pod/web', 8080);
    if (forwarded === undefined) return;
    const { local } = forwarded;
    const sizes = Array.from({ length: 40 }, (_, index) => index * 10_007);
    assert.deepEqual(await Promise.all(sizes.map((size) => fetchBytes(local, `/${size}`))), sizes);
    const body = randomBytes(8 * MEGABYTE);
    const digest = await new Promise<string>((resolve, reject) => {
      request({ port: local, method: 'POST', agent: false }, (response) => {
        text(response).then(resolve, reject);
      })
        .on('error', reject)
        .end(body);
    });
    assert.equal(digest, createHash('sha256').update(body).digest('hex'));
  });

  it('goes on with others when a client breaks off or does not read', async (t) => {
    const forwarded = await forward(t, 'pod/web', 8080);
    if (forwarded === undefined) return;
    const lazy = connect(forwarded.local, '127.0.0.1');
    lazy.write(`GET /${20 * MEGABYTE} HTTP/1.1\r\nhost: x\r\n\r\n`);
    await new Promise<void>((resolve) => lazy.once('readable', resolve));
    lazy.destroy();
    assert.equal(await fetchBytes(forwarded.local, '/7'), 7);
  });

  it('says that a port is closed, in the words of a real node', async (t) => {
    const forwarded = await forward(t, 'pod/web', 9999);
    if (forwarded === undefined) return;
    await assert.rejects(fetchBytes(forwarded.local, '/1'));
    await eventually(() =>
      assert.match(
        forwarded.seen.output,
        /error forwarding port 9999 to pod web, uid [-0-9a-f]{36}: failed to connect to localhost:9999 .*connect: connection refused/,
      ),
    );
  });

  it('reaches no port of this machine that is not the pod’s', async (t) => {
    const other = createServer((_, response) => response.end('private'));
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    t.after(() => other.close());
    const forwarded = await forward(t, 'pod/web', (other.address() as AddressInfo).port);
    if (forwarded === undefined) return;
    await assert.rejects(fetchBytes(forwarded.local, '/1'));
  });

  it('reaches none that somebody wrote into the annotation of a pod', async (t) => {
    if (needProgram(t, 'kubectl', 'see what real clients make of port forwarding') === undefined) return;
    const other = createServer((_, response) => response.end('private'));
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    t.after(() => other.close());
    await cluster.runPod('liar', 'exec sleep 1000', { ports: [{ containerPort: 8080 }] });
    await cluster.untilPod('liar', (status) => status?.containerStatuses?.[0]?.ready === true);
    const map = JSON.stringify({ 8080: (other.address() as AddressInfo).port });
    const args = ['annotate', '--overwrite', 'pod/liar', `node.epinio.io/ports=${map}`];
    await promisify(execFile)('kubectl', args, { env: cluster.env });
    const forwarded = await forward(t, 'pod/liar', 8080);
    if (forwarded === undefined) return;
    await assert.rejects(fetchBytes(forwarded.local, '/1'));
  });
});

describe('port-forward with @kubernetes/client-node', () => {
  it('carries a connection', async () => {
    const forward = new PortForward(cluster.kubeConfig);
    const server = createTcpServer((socket) => {
      void forward.portForward('default', 'web', [8080], socket, null, socket);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    try {
      assert.equal(await fetchBytes((server.address() as AddressInfo).port, '/100000'), 100_000);
    } finally {
      server.close();
    }
  });
});
