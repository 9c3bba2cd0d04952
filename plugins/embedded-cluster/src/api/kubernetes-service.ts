import { createServer } from 'node:net';
import { hasCode, type EndpointSlice, type Kube, type KubeObject, type Service } from '@epinio/core';
import { API_SERVER_ADDRESS } from '../kinds/network/service-allocation.ts';

const METADATA = { namespace: 'default', name: 'kubernetes' };
const LABELS = { component: 'apiserver', provider: 'kubernetes' };
const HTTPS = 443;

/**
 * Writes the Service `kubernetes` that pods find the API server by, and where it leads: to port 443 of an address
 * of its own, or to the API's own number where 443 may not be listened on. Idempotent.
 */
export async function publishApiServer(kube: Kube, apiPort: number): Promise<void> {
  const port = (await canListen(API_SERVER_ADDRESS, HTTPS)) ? HTTPS : apiPort;
  const service: Service = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { ...METADATA, labels: LABELS },
    spec: {
      type: 'ClusterIP',
      clusterIP: API_SERVER_ADDRESS,
      clusterIPs: [API_SERVER_ADDRESS],
      ports: [{ name: 'https', port, protocol: 'TCP', targetPort: apiPort }],
    },
  };
  const slice: EndpointSlice = {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { ...METADATA, labels: { 'kubernetes.io/service-name': METADATA.name } },
    addressType: 'IPv4',
    endpoints: [{ addresses: ['127.0.0.1'], conditions: { ready: true } }],
    ports: [{ name: 'https', port: apiPort, protocol: 'TCP' }],
  };
  await write(kube, service, { metadata: { labels: LABELS }, spec: { ports: service.spec.ports } });
  // For clients that read no EndpointSlices; the slice is there already, so nobody is to make one of them.
  const subsets = [
    { addresses: [{ ip: '127.0.0.1' }], ports: [{ name: 'https', port: apiPort, protocol: 'TCP' }] },
  ];
  const skipped = { 'endpointslice.kubernetes.io/skip-mirror': 'true' };
  const endpoints = {
    apiVersion: 'v1',
    kind: 'Endpoints',
    metadata: { ...METADATA, labels: skipped },
    subsets,
  };
  await write(kube, endpoints, { metadata: { labels: skipped }, subsets });
  await write(kube, slice, { endpoints: slice.endpoints, ports: slice.ports });
}

async function write(
  kube: Kube,
  object: KubeObject,
  patch: Readonly<Record<string, unknown>>,
): Promise<void> {
  const { apiVersion, kind } = object;
  try {
    await kube.create(object);
  } catch (error) {
    if (!hasCode(error, 'KUBE_ALREADY_EXISTS')) throw error;
    await kube.patch({ apiVersion, kind, ...METADATA }, { type: 'merge', patch });
  }
}

function canListen(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false)); // no privilege, no such address, or somebody else's
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(true)));
  });
}
