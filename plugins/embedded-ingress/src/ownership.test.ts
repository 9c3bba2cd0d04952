import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { connect } from 'node:tls';
import { once } from 'node:events';
import { X509Certificate } from 'node:crypto';
import type { EventObject, IngressObject } from '@epinio/core';
import { eventually, selfSigned } from '@epinio/core/testkit';
import { ingressObject, serviceObject, tlsSecret } from './testkit/cluster-objects.ts';
import { openApp, type TestApp } from './testkit/open-app.ts';
import { openIngress, type TestIngress } from './testkit/open-ingress.ts';

describe('ownership, as the cluster sees it', { timeout: 60_000 }, () => {
  let ingress: TestIngress;
  let app: TestApp;

  before(async () => {
    ingress = await openIngress({ retrySeconds: 0.1 });
    app = await openApp(ingress, 'mine', (_req, res) => res.end('mine'));
  });

  after(async () => {
    await app[Symbol.asyncDispose]();
    await ingress[Symbol.asyncDispose]();
  });

  async function eventsOf(name: string, namespace: string): Promise<EventObject[]> {
    const { items } = await ingress.kube.list<EventObject>({ apiVersion: 'v1', kind: 'Event', namespace });
    return items.filter(({ involvedObject }) => involvedObject.name === name);
  }

  const read = (name: string, namespace = 'workspace') =>
    ingress.kube.get<IngressObject>({ apiVersion: 'networking.k8s.io/v1', kind: 'Ingress', namespace, name });

  it('puts its address into the status of an Ingress that is served', async () => {
    await eventually(async () => {
      assert.deepEqual((await read('mine'))?.status?.loadBalancer?.ingress, [{ ip: '127.0.0.1' }]);
    });
  });

  it('tells an Ingress that wants what another one holds who that is, and takes its address away', async () => {
    ingress.put(serviceObject('thief', 'other'), {
      ...ingressObject({
        name: 'thief',
        namespace: 'other',
        host: app.host,
        created: '2026-03-01T00:00:00Z',
      }),
      status: { loadBalancer: { ingress: [{ ip: '127.0.0.1' }] } },
    });
    await eventually(async () => {
      const [event, ...more] = await eventsOf('thief', 'other');
      assert.equal(more.length, 0);
      assert.equal(event?.reason, 'RouteConflict');
      assert.match(event.message ?? '', /host "mine.localhost".* Ingress "mine" in namespace "workspace"/);
      assert.equal((await read('thief', 'other'))?.status?.loadBalancer?.ingress, undefined);
    });
    assert.equal((await app.request('/')).body, 'mine');
  });

  it('serves no class but its own, and Ingresses without one', async () => {
    ingress.put(
      ingressObject({ name: 'foreign', service: 'mine', className: 'nginx' }),
      ingressObject({ name: 'classless', service: 'mine', className: null }),
    );
    const at = (name: string) => app.request('/', { headers: { host: `${name}.localhost` } });
    await eventually(async () => assert.equal((await at('classless')).body, 'mine'));
    assert.equal((await at('foreign')).status, 404);
  });

  it('shows a self-signed certificate for names without one, and says when a Secret is unusable', async () => {
    ingress.put(
      { ...tlsSecret('broken', { certificate: selfSigned('a').certificate, key: selfSigned('b').key }) },
      ingressObject({ name: 'broken', service: 'mine', tlsSecret: 'broken' }),
    );
    await eventually(async () => {
      assert.match((await shown('broken.localhost')).subject, /Epinio ingress fallback/);
      const [event] = await eventsOf('broken', 'workspace');
      assert.equal(event?.reason, 'CertificateInvalid');
      assert.match(event.message ?? '', /Secret "broken" in namespace "workspace" .*tls.key is not the key/);
    });
    const mended = selfSigned('broken.localhost');
    ingress.put(tlsSecret('broken', mended));
    await eventually(async () => {
      assert.equal(
        (await shown('BROKEN.localhost')).fingerprint256,
        new X509Certificate(mended.certificate).fingerprint256,
      );
    });
    assert.match((await shown('nobody.localhost')).subjectAltName ?? '', /DNS:\*\.localhost/);
    assert.match((await shown(undefined)).subject, /Epinio ingress fallback/);
  });

  async function shown(servername: string | undefined): Promise<X509Certificate> {
    const socket = connect({
      ...{ host: '127.0.0.1', port: app.httpsPort, rejectUnauthorized: false },
      ...(servername !== undefined && { servername }),
    });
    await once(socket, 'secureConnect');
    const certificate = socket.getPeerX509Certificate();
    socket.destroy();
    assert.ok(certificate, 'certificate');
    return certificate;
  }
});
