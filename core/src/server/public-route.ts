import { FIELD_MANAGER, labels } from '../apps/labels.ts';
import type { Certs } from '../contracts/certs.ts';
import type { Ingress } from '../contracts/ingress.ts';
import type { KubeObject } from '../kernel/component.ts';
import type { EndpointSlice, Service } from '../kube/kinds.ts';
import type { Informers } from '../ports/informer.ts';
import type { Kube } from '../ports/kube.ts';
import type { PlatformSettings } from '../ports/settings.ts';

export interface PublicRouteDeps {
  readonly kube: Kube;
  readonly informers: Pick<Informers, 'waitFor'>;
  readonly ingress: Ingress;
  readonly certs: Certs;
  readonly settings: PlatformSettings;
}

const SERVICE = 'epinio-server';
const ROUTE = 'epinio';
const TLS_SECRET = 'epinio-tls';
const SERVICE_PORT = 80;
const CERTIFICATE_MS = 60_000;

/** The host at which the API is reached. */
export function publicHost({ domain }: Pick<PlatformSettings, 'domain'>): string {
  return `epinio.${domain}`;
}

/** Makes the API reachable through the ingress, and waits for its certificate. Fails with `WAIT_TIMEOUT`. */
export async function publishServer(deps: PublicRouteDeps, port: number, signal: AbortSignal): Promise<void> {
  const objects = serverObjects(deps, port);
  const options = { fieldManager: FIELD_MANAGER, signal };
  await Promise.all(objects.map((object) => deps.kube.apply(object, options)));
  const secret = { apiVersion: 'v1', kind: 'Secret', namespace: deps.settings.namespace, name: TLS_SECRET };
  const what = `the certificate of ${publicHost(deps.settings)}`;
  const isThere = (object: KubeObject | undefined): boolean => object !== undefined;
  await deps.informers.waitFor(secret, what, isThere, { timeoutMs: CERTIFICATE_MS, signal });
}

/**
 * Pure: a Service whose only endpoint is this process, and the route that leads to it. An ingress finds the server as it finds
 * any other, whether it runs in the cluster or beside it.
 */
export function serverObjects(
  { ingress, certs, settings }: Pick<PublicRouteDeps, 'ingress' | 'certs' | 'settings'>,
  port: number,
): readonly KubeObject[] {
  const { namespace, tlsIssuer } = settings;
  const host = publicHost(settings);
  const own = { [labels.managedBy]: 'epinio', [labels.name]: 'epinio' };
  const service: Service = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: SERVICE, namespace, labels: own },
    spec: {
      type: 'ClusterIP',
      ports: [{ name: 'http', port: SERVICE_PORT, targetPort: port, protocol: 'TCP' }],
    },
  };
  const endpoints: EndpointSlice = {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      name: SERVICE,
      namespace,
      labels: {
        ...own,
        'kubernetes.io/service-name': SERVICE,
        'endpointslice.kubernetes.io/managed-by': 'epinio',
      },
    },
    addressType: 'IPv4',
    endpoints: [{ addresses: ['127.0.0.1'], conditions: { ready: true, serving: true, terminating: false } }],
    ports: [{ name: 'http', port, protocol: 'TCP' }],
  };
  const common = { name: ROUTE, namespace, labels: own };
  return [
    service,
    endpoints,
    ...certs.certificateObjects({ ...common, dnsNames: [host], secretName: TLS_SECRET, issuer: tlsIssuer }),
    ...ingress.routeObjects({
      ...common,
      host,
      path: '/',
      service: { name: SERVICE, port: SERVICE_PORT },
      tlsSecret: TLS_SECRET,
    }),
  ];
}
