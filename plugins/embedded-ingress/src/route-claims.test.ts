import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { IngressObject } from '@epinio/core';
import { settleClaims } from './route-claims.ts';
import { createRouteTable } from './route-table.ts';
import { ingressObject } from './testkit/cluster-objects.ts';

const platform = { host: 'epinio.localhost', namespace: 'epinio' };

function settle(ingresses: readonly IngressObject[], sharedHosts: readonly string[] = []) {
  const settled = settleClaims(ingresses, { platform, sharedHosts });
  const table = createRouteTable(settled.claims, platform);
  return {
    refusals: settled.refusals.map(({ ingress, reason }) => `${ingress.metadata.name}: ${reason}`),
    /** "namespace/ingress", or why there is none. */
    at: (host: string, path = '/'): string => {
      const match = table.match(host, path);
      return match.found === 'route' ? `${match.claim.namespace}/${match.claim.ingress}` : match.found;
    },
    table,
  };
}

describe('who holds a host and path', () => {
  const old = ingressObject({ name: 'old', host: 'shop.localhost', created: '2026-01-01T00:00:00Z' });

  it('is the oldest Ingress, whatever the order of the list', () => {
    const young = ingressObject({ name: 'young', host: 'SHOP.localhost.', created: '2026-01-02T00:00:00Z' });
    for (const list of [
      [old, young],
      [young, old],
    ]) {
      const { at, refusals } = settle(list);
      assert.equal(at('shop.localhost'), 'workspace/old');
      assert.deepEqual(refusals, [
        'young: host "shop.localhost", path "/" belongs to Ingress "old" in namespace "workspace", which is older',
      ]);
    }
  });

  it('is decided by namespace and name within one second', () => {
    const twin = ingressObject({ name: 'a-twin', host: 'shop.localhost' });
    assert.equal(settle([old, twin]).at('shop.localhost'), 'workspace/a-twin');
  });

  it('lets no other namespace slip a path under a host, unless the host is shared', () => {
    const foreign = ingressObject({
      name: 'login',
      namespace: 'other',
      host: 'shop.localhost',
      path: '/login',
      created: '2026-02-01T00:00:00Z',
    });
    const refused = settle([old, foreign]);
    assert.equal(refused.at('shop.localhost', '/login'), 'workspace/old');
    assert.match(refused.refusals.join(), /belongs to namespace "workspace" by Ingress "old"/);
    const shared = settle([old, foreign], ['shop.localhost']);
    assert.equal(shared.at('shop.localhost', '/login'), 'other/login');
    assert.deepEqual(shared.refusals, []);
  });

  it('lets the same namespace divide a host by paths', () => {
    const cart = ingressObject({
      name: 'cart',
      host: 'shop.localhost',
      path: '/cart/',
      created: '2026-02-01T00:00:00Z',
    });
    const { at } = settle([old, cart]);
    assert.equal(at('shop.localhost', '/cart'), 'workspace/cart');
    assert.equal(at('shop.localhost', '/cart/1'), 'workspace/cart');
    assert.equal(at('shop.localhost', '/carts'), 'workspace/old');
  });

  it("is the platform's namespace for the platform's host, however old others are", () => {
    const thief = ingressObject({ name: 'thief', host: 'epinio.localhost', created: '2020-01-01T00:00:00Z' });
    const wildcard = ingressObject({ name: 'wild', host: '*.localhost', created: '2020-01-01T00:00:00Z' });
    const everything = ingressObject({ name: 'all', host: '', created: '2020-01-01T00:00:00Z' });
    const without = settle([thief, wildcard, everything]);
    assert.equal(without.at('epinio.localhost'), 'no-host');
    assert.deepEqual(without.refusals, ['thief: host "epinio.localhost" belongs to the platform']);
    assert.equal(without.table.certificateFor('epinio.localhost'), undefined);
    const api = ingressObject({ name: 'epinio', namespace: 'epinio', host: 'epinio.localhost' });
    assert.equal(settle([thief, wildcard, api]).at('epinio.localhost', '/api/v1'), 'epinio/epinio');
  });

  it('passes to the next one when the holder goes', () => {
    const young = ingressObject({
      name: 'young',
      namespace: 'other',
      host: 'shop.localhost',
      created: '2026-02-01T00:00:00Z',
    });
    assert.equal(settle([young]).at('shop.localhost'), 'other/young');
  });
});

describe('which rule takes a request', () => {
  it('is the exact host before the wildcard, and the wildcard before a rule without a host', () => {
    const { at } = settle([
      ingressObject({ name: 'exact', host: 'a.example.com' }),
      ingressObject({ name: 'wild', host: '*.example.com' }),
      ingressObject({ name: 'rest', host: '' }),
    ]);
    assert.equal(at('a.example.com'), 'workspace/exact');
    assert.equal(at('b.example.com'), 'workspace/wild');
    assert.equal(at('a.b.example.com'), 'workspace/rest');
    assert.equal(at('example.com'), 'workspace/rest');
  });

  it('is the longest path, and of equal ones the exact one', () => {
    const host = 'x.localhost';
    const { at } = settle([
      ingressObject({ name: 'root', host, path: '/' }),
      ingressObject({ name: 'deep', host, path: '/a/b', pathType: 'ImplementationSpecific' }),
      ingressObject({ name: 'exact', host, path: '/a/b', pathType: 'Exact' }),
    ]);
    assert.equal(at(host, '/a/b'), 'workspace/exact');
    assert.equal(at(host, '/a/b/'), 'workspace/deep');
    assert.equal(at(host, '/a/bc'), 'workspace/root');
  });

  it('says whether the host or only the path is unknown', () => {
    const { at } = settle([ingressObject({ name: 'x', path: '/api' })]);
    assert.equal(at('x.localhost', '/'), 'no-path');
    assert.equal(at('y.localhost', '/'), 'no-host');
  });

  it('leaves out what cannot be served, and serves the rest', () => {
    const strange = {
      ...ingressObject({ name: 'strange' }),
      spec: {
        ingressClassName: 'epinio-embedded',
        rules: [{ host: 'strange.localhost' }, { http: { paths: [] } }],
      },
    } as const;
    const empty = { ...ingressObject({ name: 'empty' }), spec: {} };
    assert.equal(settle([strange, empty, ingressObject({ name: 'ok' })]).at('ok.localhost'), 'workspace/ok');
  });
});

describe('which certificate a host shows', () => {
  it("is the one that the host's oldest route names", () => {
    const { table } = settle(
      [
        ingressObject({
          name: 'old',
          host: 's.localhost',
          tlsSecret: 'first',
          created: '2026-01-01T00:00:00Z',
        }),
        ingressObject({
          name: 'young',
          namespace: 'other',
          host: 's.localhost',
          path: '/deeper',
          tlsSecret: 'second',
          created: '2026-01-02T00:00:00Z',
        }),
      ],
      ['s.localhost'],
    );
    assert.deepEqual(table.certificateFor('s.localhost'), { namespace: 'workspace', name: 'first' });
  });

  it('covers hosts by name, by wildcard, or all of its Ingress', () => {
    const base = ingressObject({ name: 'a', host: 'a.example.com' });
    const covered = (tls: NonNullable<IngressObject['spec']>['tls']) =>
      settle([{ ...base, spec: { ...base.spec, ...(tls && { tls }) } }]).table.certificateFor('a.example.com')
        ?.name;
    assert.equal(covered([{ hosts: ['*.example.com'], secretName: 'w' }]), 'w');
    assert.equal(covered([{ secretName: 'all' }]), 'all');
    assert.equal(covered([{ hosts: ['b.example.com'], secretName: 'other' }]), undefined);
  });
});
