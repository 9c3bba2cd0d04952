import type { IngressClass, KubeObject, Part, Probe, Route } from '@epinio/core';
import type { Config } from './config.ts';

/** The plugin's id: field manager, label and event source. */
export const ID = 'embedded-ingress';
/** Who serves the class, as Kubernetes wants it said. */
export const CONTROLLER = 'epinio.io/embedded-ingress';

/** Pure: the IngressClass that Ingresses name. */
export function parts({ className, defaultClass }: Config): readonly Part[] {
  const ingressClass: IngressClass = {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'IngressClass',
    metadata: {
      name: className,
      ...(defaultClass && { annotations: { 'ingressclass.kubernetes.io/is-default-class': 'true' } }),
    },
    spec: { controller: CONTROLLER },
  };
  return [{ kind: 'manifest', object: ingressClass }];
}

/** Pure: the class is there; the listening itself is waited for by the server, in `run`. */
export function probes({ className }: Config): readonly Probe[] {
  return [
    {
      kind: 'exists',
      what: `IngressClass "${className}"`,
      apiVersion: 'networking.k8s.io/v1',
      resourceKind: 'IngressClass',
      name: className,
      timeoutSeconds: 30,
    },
  ];
}

/** Pure: the Ingress that publishes a route. */
export function routeObjects(className: string, route: Route): readonly KubeObject[] {
  const { name, namespace, host, path, service, tlsSecret, labels = {}, annotations = {} } = route;
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
        rules: [
          {
            host,
            http: {
              paths: [
                {
                  path,
                  pathType: 'Prefix',
                  backend: { service: { name: service.name, port: { number: service.port } } },
                },
              ],
            },
          },
        ],
      },
    },
  ];
}
