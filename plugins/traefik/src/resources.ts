import type { KubeObject, Part, Probe, Route } from '@epinio/core';
import { chartPart } from '@epinio/core/charts';
import type { Config } from './config.ts';
import { valuesFor } from './values.ts';

export const ID = 'traefik';
/** Release, and with it Deployment and Service, as everybody who knows the chart expects. */
export const RELEASE = 'traefik';

/** Pure: the namespace and the chart; nothing where the Traefik of the cluster is used. */
export function parts(config: Config): readonly Part[] {
  const { install, namespace } = config;
  if (!install) return [];
  return [
    { kind: 'manifest', object: { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } } },
    chartPart({ release: RELEASE, namespace, values: valuesFor(config) }, config),
  ];
}

/** Pure: it runs, its class is there, and the world reaches it. */
export function probes(config: Config): readonly Probe[] {
  const { install, namespace, className, serviceType, addressTimeoutSeconds, values } = config;
  if (!install) return [];
  const service = { apiVersion: 'v1', resourceKind: 'Service', namespace, name: RELEASE };
  const { kind = 'Deployment' } = (values['deployment'] ?? {}) as { readonly kind?: string };
  return [
    {
      kind: 'rollout',
      what: 'Traefik',
      apiVersion: 'apps/v1',
      resourceKind: kind,
      namespace,
      name: RELEASE,
      timeoutSeconds: 300,
    },
    {
      kind: 'exists',
      what: `IngressClass "${className}"`,
      apiVersion: 'networking.k8s.io/v1',
      resourceKind: 'IngressClass',
      name: className,
      timeoutSeconds: 30,
    },
    ...(serviceType === 'LoadBalancer' ? [address(service, addressTimeoutSeconds)] : []),
  ];
}

function address(
  service: Pick<Extract<Probe, { kind: 'address' }>, 'apiVersion' | 'resourceKind' | 'namespace' | 'name'>,
  timeoutSeconds: number,
): Probe {
  return {
    kind: 'address',
    what: `the address of Service "${service.name}" in namespace "${service.namespace ?? ''}"`,
    ...service,
    timeoutSeconds,
    fix: 'give the cluster a load balancer (cloud provider, MetalLB, kube-vip), or set components.ingress.with.serviceType to NodePort',
  };
}

/** Pure: the Ingress that publishes a route; Traefik serves its Secret's certificate on the entry point for HTTPS. */
export function routeObjects(className: string, route: Route): readonly KubeObject[] {
  const { name, namespace, host, path, service, tlsSecret, labels = {}, annotations = {} } = route;
  const backend = { service: { name: service.name, port: { number: service.port } } };
  return [
    {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'Ingress',
      metadata: {
        name,
        namespace,
        labels: { 'app.kubernetes.io/managed-by': 'epinio', ...labels },
        annotations,
      },
      spec: {
        ingressClassName: className,
        tls: [{ hosts: [host], secretName: tlsSecret }],
        rules: [{ host, http: { paths: [{ path, pathType: 'Prefix', backend }] } }],
      },
    },
  ];
}
