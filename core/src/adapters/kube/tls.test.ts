import assert from 'node:assert/strict';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { selfSigned } from '../../testkit/self-signed.ts';
import { createKube } from '../kube-client.ts';

const NAMESPACE = { apiVersion: 'v1', kind: 'Namespace', name: 'default' };
const base64 = (text: string): string => Buffer.from(text).toString('base64');

/** An HTTPS API server that tells how many requests it got, and of each connection the client's certificate. */
async function serve(): Promise<
  AsyncDisposable & {
    readonly port: number;
    readonly ca: string;
    readonly clients: string[];
    requests(): number;
  }
> {
  const { certificate, key } = selfSigned('127.0.0.1');
  const clients: string[] = [];
  let requests = 0;
  const options = { cert: certificate, key, requestCert: true, rejectUnauthorized: false };
  const server = createServer(options, (request, response) => {
    requests += 1;
    const list = { resources: [{ name: 'namespaces', kind: 'Namespace', namespaced: false }] };
    response.end(JSON.stringify(request.url === '/api/v1' ? list : { metadata: { name: 'default' } }));
  });
  server.on('secureConnection', (socket) => clients.push(socket.getPeerCertificate().fingerprint256));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    ca: base64(certificate),
    clients,
    requests: () => requests,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function kubeconfig(server: string, cluster: object, user: object = {}): string {
  return JSON.stringify({
    clusters: [{ name: 'c', cluster: { server, ...cluster } }],
    users: [{ name: 'u', user }],
    contexts: [{ name: 'test', context: { cluster: 'c', user: 'u' } }],
    'current-context': 'test',
  });
}

test('trusts the authority of the kubeconfig, shows its client certificate, and keeps the connection', async () => {
  await using server = await serve();
  const mine = selfSigned('me');
  const cluster = { 'certificate-authority-data': server.ca };
  const user = { 'client-certificate-data': base64(mine.certificate), 'client-key-data': base64(mine.key) };
  await using kube = await createKube({
    kubeconfig: kubeconfig(`https://127.0.0.1:${server.port}`, cluster, user),
  });
  for (let round = 0; round < 5; round += 1) await kube.get(NAMESPACE);
  assert.equal(server.requests(), 6);
  assert.equal(server.clients.length, 1);
  assert.match(server.clients[0] ?? '', /^([0-9A-F]{2}:){31}[0-9A-F]{2}$/);
});

test('a server that cannot be trusted is not spoken to, and the fix names the kubeconfig', async () => {
  await using server = await serve();
  await using kube = await createKube({ kubeconfig: kubeconfig(`https://127.0.0.1:${server.port}`, {}) });
  await assert.rejects(kube.get(NAMESPACE), {
    code: 'KUBE_UNREACHABLE',
    message: /cannot be trusted: self-signed certificate/,
    fix: /Check "certificate-authority-data" and the address of context "test"/,
  });
  const cluster = { 'certificate-authority-data': server.ca };
  await using named = await createKube({
    kubeconfig: kubeconfig(`https://localhost:${server.port}`, cluster),
  });
  await assert.rejects(named.get(NAMESPACE), {
    code: 'KUBE_UNREACHABLE',
    message: /cannot be trusted: Hostname/,
  });
  assert.equal(server.requests(), 0);
});

test('obeys tls-server-name and insecure-skip-tls-verify', async () => {
  await using server = await serve();
  const skip = { 'insecure-skip-tls-verify': true };
  await using insecure = await createKube({
    kubeconfig: kubeconfig(`https://127.0.0.1:${server.port}`, skip),
  });
  assert.equal((await insecure.get(NAMESPACE))?.metadata.name, 'default');
  const cluster = { 'certificate-authority-data': server.ca, 'tls-server-name': 'elsewhere' };
  await using named = await createKube({
    kubeconfig: kubeconfig(`https://127.0.0.1:${server.port}`, cluster),
  });
  await assert.rejects(named.get(NAMESPACE), { code: 'KUBE_UNREACHABLE', message: /elsewhere/ });
});
