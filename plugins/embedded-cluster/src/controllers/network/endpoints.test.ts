import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { EndpointSlice, Pod, Service } from '@epinio/core';
import { readyStatus, TestCluster } from '../testkit/test-cluster.ts';
import type { EndpointAddress, Endpoints } from './endpoints-object.ts';
import { repacked, truncated } from './subsets.ts';

const service = (spec: Partial<Service['spec']> = {}): Service => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { namespace: 'default', name: 'web', labels: { team: 'a' } },
  spec: { selector: { app: 'web' }, ports: [{ name: 'http', port: 80, targetPort: 'http' }], ...spec },
});

const pod = (name: string, real: number): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: {
    ...{ namespace: 'default', name, labels: { app: 'web' } },
    annotations: { 'node.epinio.io/ports': JSON.stringify({ 8080: real }) },
  },
  spec: {
    nodeName: 'epinio',
    containers: [{ name: 'main', image: 'a', ports: [{ name: 'http', containerPort: 8080 }] }],
  },
});

const shown = (endpoints: Endpoints | undefined): readonly string[] =>
  (endpoints?.subsets ?? [])
    .flatMap(({ addresses = [], notReadyAddresses = [], ports = [] }) =>
      ports.flatMap(({ port }) => [
        ...addresses.map(({ ip, targetRef }) => `${targetRef?.name ?? ip}:${port}`),
        ...notReadyAddresses.map(({ ip, targetRef }) => `(${targetRef?.name ?? ip}:${port})`),
      ]),
    )
    .sort();

test('Endpoints follow the pods of a Service, and go with it', async () => {
  await using cluster = await TestCluster.start({ node: false });
  const endpoints = (): Promise<Endpoints | undefined> => cluster.get<Endpoints>('Endpoints', 'web');
  await cluster.kube.create(service());
  await cluster.until(async () => assert.deepEqual(shown(await endpoints()), []));
  const first = await cluster.until(async () => {
    const found = await endpoints();
    assert.ok(found);
    return found;
  });
  assert.equal(first.subsets, undefined);
  assert.deepEqual(first.metadata.labels, {
    team: 'a',
    'endpoints.kubernetes.io/managed-by': 'endpoint-controller',
  });
  const a = await cluster.kube.create(pod('a', 20001));
  const b = await cluster.kube.create(pod('b', 20002));
  await cluster.setPodStatus(a, readyStatus(true));
  await cluster.setPodStatus(b, readyStatus(false));
  await cluster.until(async () => assert.deepEqual(shown(await endpoints()), ['(b:20002)', 'a:20001']));
  const triggered = (await endpoints())?.metadata.annotations?.[
    'endpoints.kubernetes.io/last-change-trigger-time'
  ];
  assert.match(triggered ?? '', /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d/);
  await cluster.kube.delete({ apiVersion: 'v1', kind: 'Pod', namespace: 'default', name: 'a' });
  await cluster.until(async () => assert.deepEqual(shown(await endpoints()), ['(b:20002)']));
  const ref = { apiVersion: 'v1', kind: 'Service', namespace: 'default', name: 'web' };
  await cluster.kube.patch(ref, {
    type: 'merge',
    patch: { metadata: { labels: { team: null, tier: 'x' } } },
  });
  await cluster.until(async () => {
    const labels = (await endpoints())?.metadata.labels;
    assert.deepEqual([labels?.['team'], labels?.['tier']], [undefined, 'x']);
  });
  await cluster.kube.delete(ref);
  await cluster.until(async () => assert.equal(await endpoints(), undefined));
});

test('Endpoints of a Service without a selector are their writer’s, and are mirrored into slices', async () => {
  await using cluster = await TestCluster.start({ node: false });
  const { selector: _, ...rest } = service().spec;
  await cluster.kube.create({ ...service(), spec: rest });
  const mine: Endpoints = {
    apiVersion: 'v1',
    kind: 'Endpoints',
    metadata: { namespace: 'default', name: 'web', labels: { own: 'yes' }, annotations: { note: 'n' } },
    subsets: [
      { addresses: [{ ip: '127.0.0.1' }, { ip: '192.0.2.7' }], ports: [{ name: 'http', port: 8080 }] },
    ],
  };
  await cluster.kube.create(mine);
  const slices = (): Promise<readonly EndpointSlice[]> =>
    cluster.list<EndpointSlice>('EndpointSlice', 'kubernetes.io/service-name=web');
  const slice = await cluster.until(async () => {
    const [found] = await slices();
    assert.ok(found);
    return found;
  });
  assert.deepEqual(slice.metadata.labels, {
    own: 'yes',
    'kubernetes.io/service-name': 'web',
    'endpointslice.kubernetes.io/managed-by': 'endpointslicemirroring-controller.k8s.io',
  });
  assert.deepEqual(slice.metadata.annotations, { note: 'n' });
  assert.equal(slice.metadata.ownerReferences?.[0]?.kind, 'Endpoints');
  assert.deepEqual(slice.ports, [{ name: 'http', port: 8080, protocol: 'TCP' }]);
  assert.deepEqual(
    slice.endpoints?.map(({ addresses, conditions }) => [addresses[0], conditions]),
    [
      ['127.0.0.1', { ready: true }],
      ['192.0.2.7', { ready: true }],
    ],
  );
  const ref = { apiVersion: 'v1', kind: 'Endpoints', namespace: 'default', name: 'web' };
  const subsets = [{ addresses: [{ ip: '192.0.2.8' }], ports: [{ name: 'http', port: 9090 }] }];
  await cluster.kube.patch(ref, { type: 'merge', patch: { subsets } });
  await cluster.until(async () => {
    const found = (await slices()).map(({ endpoints = [], ports = [] }) => [
      endpoints[0]?.addresses[0],
      ports[0]?.port,
    ]);
    assert.deepEqual(found, [['192.0.2.8', 9090]]);
  });
  const label = { 'endpointslice.kubernetes.io/skip-mirror': 'true' };
  await cluster.kube.patch(ref, { type: 'merge', patch: { metadata: { labels: label } } });
  await cluster.until(async () => assert.deepEqual(await slices(), []));
  assert.deepEqual(shown(await cluster.get<Endpoints>('Endpoints', 'web')), ['192.0.2.8:9090']);
});

test('ports of the same addresses share a subset, and a thousand addresses are the most', () => {
  const addresses = (count: number, from = 0): EndpointAddress[] =>
    Array.from({ length: count }, (_, index) => ({
      ip: `10.0.${Math.floor((from + index) / 250)}.${(from + index) % 250}`,
    }));
  const port = (number: number) => ({ name: `p${number}`, port: number, protocol: 'TCP' });
  const [ip] = addresses(1);
  assert.ok(ip);
  assert.deepEqual(
    repacked([
      { addresses: [ip], ports: [port(2)] },
      { addresses: [ip], ports: [port(1)] },
    ]),
    [{ addresses: [ip], ports: [port(1), port(2)] }],
  );
  assert.deepEqual(
    repacked([
      { addresses: [ip], ports: [port(1)] },
      { notReadyAddresses: [ip], ports: [port(1)] },
    ]),
    [{ notReadyAddresses: [ip], ports: [port(1)] }],
  );
  assert.equal(truncated([{ addresses: addresses(1000), ports: [port(1)] }]), undefined);
  const cut = truncated([
    { addresses: addresses(900), notReadyAddresses: addresses(300, 900), ports: [port(1)] },
    { addresses: addresses(50, 1200), notReadyAddresses: addresses(100, 1250), ports: [port(2)] },
  ]);
  assert.deepEqual(
    cut?.map((subset) => [subset.addresses?.length, subset.notReadyAddresses?.length]),
    [
      [900, 38],
      [50, 12],
    ],
  );
  const ready = truncated([
    { addresses: addresses(900), notReadyAddresses: addresses(5, 2000), ports: [port(1)] },
    { addresses: addresses(300, 900), ports: [port(2)] },
  ]);
  assert.deepEqual(
    ready?.map((subset) => [subset.addresses?.length, subset.notReadyAddresses?.length]),
    [
      [750, undefined],
      [250, undefined],
    ],
  );
});
