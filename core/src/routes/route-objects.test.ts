import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { plainCerts, plainIngress } from '../api/testkit/plain-contracts.ts';
import type { AppObject } from '../apps/app-object.ts';
import { templateName } from '../apps/names.ts';
import type { Secret } from '../kube/kinds.ts';
import { routeObjects } from './route-objects.ts';

const app: AppObject = {
  apiVersion: 'application.epinio.io/v1',
  kind: 'App',
  metadata: { name: 'shop', namespace: 'ns', uid: 'u1' },
  spec: { origin: {} },
};
const deps = { ingress: plainIngress, certs: plainCerts, issuer: 'ca' };
const service = { name: 'svc', port: 8080 };

function certificateSecret(name: string, routing: string): Secret {
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name, namespace: 'ns', labels: { 'epinio.io/routing': routing } },
  };
}

describe('the objects of a route', () => {
  it('have the published names, and go with the application', () => {
    const made = routeObjects(deps, app, 'a.example.org/x', service, []);
    assert.equal(made.route, 'a.example.org/x');
    assert.equal(made.tlsSecret, templateName('shop-a.example.org.x-tls'));
    assert.deepEqual(
      made.objects.map(({ kind }) => kind),
      ['Certificate', 'Ingress'],
    );
    for (const { metadata } of made.objects) {
      assert.equal(metadata.name, templateName('shop-a.example.org.x'));
      assert.deepEqual(metadata.ownerReferences, [
        { apiVersion: 'application.epinio.io/v1', kind: 'App', name: 'shop', uid: 'u1' },
      ]);
    }
  });

  it('use a certificate that is provided: the exact host first, then the longest pattern', () => {
    const provided = [
      certificateSecret('any', '_.example.org'),
      certificateSecret('shops', 'shop-*.example.org'),
      certificateSecret('exact', 'a.example.org'),
    ];
    const secretOf = (host: string): string => routeObjects(deps, app, host, service, provided).tlsSecret;
    assert.equal(secretOf('a.example.org'), 'exact');
    assert.equal(secretOf('shop-1.example.org'), 'shops');
    assert.equal(secretOf('b.example.org'), 'any');
    assert.equal(secretOf('b.c.example.org'), templateName('shop-b.c.example.org-tls'));
    const { objects, isOwnCertificate } = routeObjects(deps, app, 'a.example.org', service, provided);
    assert.deepEqual(
      objects.map(({ kind }) => kind),
      ['Ingress'],
    );
    assert.equal(isOwnCertificate, false);
  });
});
