import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { describe, it } from 'node:test';
import { systemClock } from '../adapters/system-clock.ts';
import { MemoryBuilder } from '../api/testkit/memory-builder.ts';
import { MemoryStorage } from '../api/testkit/memory-storage.ts';
import {
  plainCerts,
  plainIngress,
  plainMesh,
  PlainRegistry,
  plainSecretSync,
} from '../api/testkit/plain-contracts.ts';
import { SimulatedCluster } from '../api/testkit/simulated-cluster.ts';
import { secretTexts } from '../apps/secret-data.ts';
import { builder } from '../contracts/builder.ts';
import { certs } from '../contracts/certs.ts';
import { cluster } from '../contracts/cluster.ts';
import { ingress } from '../contracts/ingress.ts';
import { mesh } from '../contracts/mesh.ts';
import { registry } from '../contracts/registry.ts';
import { secretSync } from '../contracts/secret-sync.ts';
import { storage } from '../contracts/storage.ts';
import { EpinioError } from '../kernel/errors.ts';
import type { Token } from '../kernel/token.ts';
import { createInformers } from '../kube/informers.ts';
import type { EndpointSlice, IngressObject, Secret, Service } from '../kube/kinds.ts';
import { clock } from '../ports/clock.ts';
import { commands } from '../ports/commands.ts';
import { informers } from '../ports/informer.ts';
import { kube } from '../ports/kube.ts';
import { listenPorts } from '../ports/listen-ports.ts';
import { log } from '../ports/log.ts';
import { settings } from '../ports/settings.ts';
import { eventually } from '../testkit/eventually.ts';
import { FakeKube } from '../testkit/fake-kube.ts';
import { FakeLog } from '../testkit/fake-log.ts';
import { ensureUser } from '../users/ensure-user.ts';
import { platformParts } from './platform-parts.ts';
import { type EpinioServer, startServer } from './start-server.ts';

interface Stage extends AsyncDisposable {
  readonly kube: FakeKube;
  readonly server: EpinioServer;
  get(path: string, headers?: Record<string, string>): Promise<Response>;
}

const SETTINGS = { domain: 'apps.test', namespace: 'epinio', tlsIssuer: 'test-ca' };

/** What the installer puts in, and then a server over it. */
async function open(present?: FakeKube): Promise<Stage> {
  const api = present ?? new FakeKube({ requireDefinitions: true });
  if (present === undefined) {
    for (const part of platformParts(SETTINGS)) {
      if (part.kind === 'manifest') await api.apply(part.object, { fieldManager: 'epinio/installer' });
    }
    api.seed({
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      metadata: { name: 'certificates.cert-manager.io' },
      spec: {
        group: 'cert-manager.io',
        names: { kind: 'Certificate', plural: 'certificates' },
        scope: 'Namespaced',
        versions: [{ name: 'v1', served: true, storage: true }],
      },
    });
    await ensureUser(api, SETTINGS, { user: 'admin', password: 'pass', roles: ['admin'] });
  }
  const quiet = new FakeLog();
  const live = createInformers(api, { clock: systemClock, log: quiet });
  new SimulatedCluster(api, live);
  const services = new Map<symbol, unknown>(
    (
      [
        [clock, systemClock],
        [log, quiet],
        [settings, SETTINGS],
        [commands, { run: () => Promise.reject(new Error('none')), find: async () => undefined }],
        [listenPorts, { claim: async () => 0 }],
        [cluster, { platform: async () => 'generic', connection: () => Promise.reject(new Error('none')) }],
        [kube, api],
        [informers, live],
        [storage, new MemoryStorage()],
        [registry, new PlainRegistry()],
        [builder, new MemoryBuilder()],
        [ingress, plainIngress],
        [certs, plainCerts],
        [secretSync, plainSecretSync],
        [mesh, plainMesh],
      ] as readonly (readonly [Token<unknown>, unknown])[]
    ).map(([token, service]) => [token.key, service]),
  );
  const server = await startServer(
    {
      async open<T>(token: Token<T>): Promise<T> {
        const service = services.get(token.key);
        if (service === undefined) throw new EpinioError('SERVICE_MISSING', token.id);
        return service as T;
      },
    },
    { version: 'v0.1.0', drainTimeoutMs: 2_000 },
  );
  return {
    kube: api,
    server,
    get: (path, headers = {}) =>
      fetch(`http://127.0.0.1:${server.port}${path}`, {
        headers: { authorization: `Basic ${Buffer.from('admin:pass').toString('base64')}`, ...headers },
      }),
    async [Symbol.asyncDispose]() {
      await server.close();
      await live.close();
    },
  };
}

describe('the API server', () => {
  it('is ready when it returns, with the default namespace', async () => {
    await using stage = await open();
    assert.equal(stage.server.url, 'https://epinio.apps.test:8443');
    const ready = await stage.get('/ready');
    assert.deepEqual([ready.status, await ready.json()], [200, {}]);
    const namespaces = (await (await stage.get('/api/v1/namespaces')).json()) as { meta: { name: string } }[];
    assert.deepEqual(
      namespaces.map(({ meta }) => meta.name),
      ['workspace'],
    );
  });

  it('publishes itself through the ingress as an application is', async () => {
    await using stage = await open();
    const get = <T extends Service | EndpointSlice | IngressObject | Secret>(
      apiVersion: string,
      kind: string,
      name: string,
    ): Promise<T | undefined> => stage.kube.get<T>({ apiVersion, kind, namespace: 'epinio', name });
    const service = await get<Service>('v1', 'Service', 'epinio-server');
    assert.equal(service?.spec.selector, undefined, 'its endpoints are ours');
    const slice = await get<EndpointSlice>('discovery.k8s.io/v1', 'EndpointSlice', 'epinio-server');
    assert.equal(slice?.metadata.labels?.['kubernetes.io/service-name'], 'epinio-server');
    assert.deepEqual(slice.endpoints?.[0]?.addresses, ['127.0.0.1']);
    assert.equal(slice.ports?.[0]?.name, service?.spec.ports?.[0]?.name);
    const route = await get<IngressObject>('networking.k8s.io/v1', 'Ingress', 'epinio');
    assert.equal(route?.spec?.rules?.[0]?.host, 'epinio.apps.test');
    assert.equal(
      route.metadata.labels?.['app.kubernetes.io/name'],
      'epinio',
      'published: clients find the domain by it',
    );
    assert.ok(
      (await get<Secret>('v1', 'Secret', 'epinio-tls')) !== undefined,
      "(await get<Secret>('v1', 'Secret', 'epinio-tls')) !== undefined",
    );
  });

  it('stores the registry credentials for builders and nodes', async () => {
    await using stage = await open();
    const secret = await stage.kube.get<Secret>({
      apiVersion: 'v1',
      kind: 'Secret',
      namespace: 'epinio',
      name: 'registry-creds',
    });
    assert.equal(secret?.type, 'kubernetes.io/dockerconfigjson');
    assert.equal(secret.metadata.annotations?.['epinio.io/registry-namespace'], 'apps');
    assert.equal(secret.metadata.annotations['sync.test/source'], 'registry-creds');
    const config = JSON.parse(secretTexts(secret)['.dockerconfigjson'] ?? '') as {
      auths: Record<string, { auth: string }>;
    };
    const { auth } = config.auths['registry.test'] ?? { auth: '' };
    assert.equal(Buffer.from(auth, 'base64').toString(), 'admin:secret');
  });

  it('started again finds everything as it was, and keeps tokens good', async () => {
    const first = await open();
    const { token } = (await (await first.get('/api/v1/authtoken')).json()) as { token: string };
    await first[Symbol.asyncDispose]();
    await using second = await open(first.kube);
    const response = await second.get(
      `/wapi/v1/namespaces/workspace/applications/nope/logs?authtoken=${token}`,
    );
    assert.equal(response.status, 404, 'the token was accepted: it is the application that is missing');
    const { items } = await second.kube.list(
      { apiVersion: 'v1', kind: 'Namespace' },
      { labelSelector: 'app.kubernetes.io/component=epinio-namespace' },
    );
    assert.equal(items.length, 1);
  });

  it('answers loopback by its own port, and nobody else', async () => {
    await using stage = await open();
    assert.equal((await stage.get('/api/v1/info')).status, 200);
    const answer = await raw(
      stage.server.port,
      'GET /api/v1/info HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n',
    );
    assert.match(answer, /^HTTP\/1\.1 421 /);
  });

  it('lets requests end when it stops, and takes no more', async () => {
    const stage = await open();
    const slow = connect(stage.server.port, '127.0.0.1');
    let answer = '';
    slow.on('data', (chunk: Buffer) => (answer += chunk.toString()));
    slow.on('error', () => undefined); // it is cut off in the end
    const body = JSON.stringify({ name: 'Bad_Name' });
    const auth = Buffer.from('admin:pass').toString('base64');
    slow.write(
      `POST /api/v1/namespaces HTTP/1.1\r\nHost: epinio.apps.test\r\nAuthorization: Basic ${auth}\r\nContent-Length: ${body.length}\r\n\r\n{`,
    );
    await stage.get('/api/v1/namespaces'); // by now the server has the other's beginning
    const closed = stage.server.close();
    await eventually(() => assert.rejects(fetch(`http://127.0.0.1:${stage.server.port}/ready`)));
    slow.write(body.slice(1));
    await eventually(() => assert.match(answer, /^HTTP\/1\.1 400 /));
    await closed;
    await stage[Symbol.asyncDispose]();
  });
});

function raw(port: number, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = '';
    const socket = connect(port, '127.0.0.1', () => socket.write(text));
    socket.on('data', (chunk: Buffer) => (answer += chunk.toString()));
    socket.on('end', () => resolve(answer));
    socket.on('error', reject);
  });
}
