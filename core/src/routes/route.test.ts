import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { hasCode } from '../kernel/errors.ts';
import type { IngressObject } from '../kube/kinds.ts';
import { ingressClaim, routeClashes } from './clashes.ts';
import { normalRoutes, parseRoute, routeText } from './route.ts';
import { routeUrl } from './urls.ts';

describe('a route', () => {
  it('is a host and a path, whatever scheme was written before', () => {
    assert.deepEqual(parseRoute('https://Shop.Example.org/api/'), { host: 'shop.example.org', path: '/api' });
    assert.deepEqual(parseRoute('*.example.org'), { host: '*.example.org', path: '/' });
    assert.equal(routeText({ host: 'a.b', path: '/' }), 'a.b');
    assert.equal(routeText({ host: 'a.b', path: '/c/d' }), 'a.b/c/d');
    assert.deepEqual(normalRoutes(['a.b', 'http://a.b/', 'a.b/c']), ['a.b', 'a.b/c']);
  });

  it('that is none is refused as published', () => {
    for (const text of ['', '/path', 'a b', 'a.b:8080', 'a.b/x?y', 'a..b', '-a.b', 'https://', 'a.b/x#y']) {
      assert.throws(
        () => parseRoute(text),
        (error) =>
          hasCode(error, 'ROUTE_INVALID') &&
          (error as { details?: string[] }).details?.[0] === 'failed to parse route',
        text,
      );
    }
  });

  it('has a URL with the port of the ingress', () => {
    assert.equal(routeUrl('a.b/c', { httpsPort: 8443 }), 'https://a.b:8443/c');
    assert.equal(routeUrl('a.b', { httpsPort: 443 }), 'https://a.b');
  });
});

function ingress(
  namespace: string,
  app: string | undefined,
  route: string,
  component = 'application',
): IngressObject {
  const { host, path } = parseRoute(route);
  const name = app === undefined ? {} : { 'app.kubernetes.io/name': app };
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'Ingress',
    metadata: { name: 'held', namespace, labels: { ...name, 'app.kubernetes.io/component': component } },
    spec: { rules: [{ host, http: { paths: [{ path, pathType: 'Prefix', backend: {} }] } }] },
  };
}

describe('clashes of routes', () => {
  const shop = { namespace: 'ns', name: 'shop' };
  const clashes = (wanted: string, held: IngressObject): string[] =>
    routeClashes(shop, [wanted], [ingressClaim(held)]).map(({ message }) => message);

  it('are the same host and path, of anybody else', () => {
    assert.deepEqual(clashes('a.b', ingress('ns', 'other', 'a.b')), ["route 'a.b' already exists"]);
    assert.deepEqual(clashes('a.b', ingress('ns', undefined, 'a.b')), [
      'route is already owned by an unknown app',
    ]);
    assert.deepEqual(clashes('a.b', ingress('ns', 'shop', 'a.b')), [], 'its own');
    assert.deepEqual(
      clashes('a.b', ingress('ns', 'shop', 'a.b', 'other')),
      ["route 'a.b' already exists"],
      'only a name',
    );
    assert.deepEqual(clashes('a.b/api', ingress('ns', 'other', 'a.b')), [], 'another path');
  });

  it('are all paths on a host of another namespace', () => {
    assert.deepEqual(clashes('a.b/api', ingress('other', 'shop', 'a.b')), ["route 'a.b/api' already exists"]);
    assert.deepEqual(clashes('b.b', ingress('other', 'shop', 'a.b')), []);
  });

  it('do not choke on what others write', () => {
    const bare: IngressObject = {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'Ingress',
      metadata: { name: 'x' },
    };
    assert.deepEqual(clashes('a.b', bare), []);
    assert.deepEqual(clashes('a.b', { ...bare, spec: { rules: [{}, { host: 'a.b' }] } }), []);
  });
});
