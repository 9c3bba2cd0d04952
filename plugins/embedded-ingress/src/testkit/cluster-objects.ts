import type { EndpointSlice, IngressObject, Secret, Service } from '@epinio/core';
import type { TestCertificate } from '@epinio/core/testkit';

/** An Ingress for one host and path; everything can be replaced. */
export function ingressObject(options: {
  readonly name: string;
  readonly namespace?: string;
  readonly host?: string;
  readonly path?: string;
  readonly pathType?: 'Exact' | 'Prefix' | 'ImplementationSpecific';
  readonly service?: string;
  readonly port?: number | string;
  readonly created?: string;
  readonly tlsSecret?: string;
  readonly className?: string | null;
  readonly application?: string;
}): IngressObject {
  const { name, namespace = 'workspace', host = `${name}.localhost`, path = '/', service = name } = options;
  const { created = '2026-01-01T00:00:00Z', tlsSecret, className = 'epinio-embedded', port = 8080 } = options;
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'Ingress',
    metadata: {
      name,
      namespace,
      creationTimestamp: created,
      labels: { 'app.kubernetes.io/name': options.application ?? name },
    },
    spec: {
      ...(className !== null && { ingressClassName: className }),
      ...(tlsSecret !== undefined && { tls: [{ hosts: [host], secretName: tlsSecret }] }),
      rules: [
        {
          ...(host !== '' && { host }),
          http: {
            paths: [
              {
                path,
                pathType: options.pathType ?? 'Prefix',
                backend: {
                  service: {
                    name: service,
                    port: typeof port === 'number' ? { number: port } : { name: port },
                  },
                },
              },
            ],
          },
        },
      ],
    },
  };
}

export function serviceObject(name: string, namespace = 'workspace'): Service {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace },
    spec: { ports: [{ name: 'http', port: 8080 }] },
  };
}

/** A slice with an instance for each port of 127.0.0.1; several ports make several slices, as each has its own. */
export function slicesOf(
  service: string,
  ports: readonly number[],
  namespace = 'workspace',
): EndpointSlice[] {
  return ports.map((port) => ({
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: `${service}-${port}`, namespace, labels: { 'kubernetes.io/service-name': service } },
    addressType: 'IPv4',
    ports: [{ name: 'http', port }],
    endpoints: [{ addresses: ['127.0.0.1'], conditions: { ready: true } }],
  }));
}

export function tlsSecret(
  name: string,
  { certificate, key }: TestCertificate,
  namespace = 'workspace',
): Secret {
  const base64 = (text: string): string => Buffer.from(text).toString('base64');
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name, namespace },
    type: 'kubernetes.io/tls',
    data: { 'tls.crt': base64(certificate), 'tls.key': base64(key) },
  };
}
