import type { Certs } from '../../contracts/certs.ts';
import type { Ingress } from '../../contracts/ingress.ts';
import type { Mesh } from '../../contracts/mesh.ts';
import type { Registry } from '../../contracts/registry.ts';
import type { SecretSync } from '../../contracts/secret-sync.ts';

/** Ingress objects of Kubernetes' own kind, published on port 8443. */
export const plainIngress: Ingress = {
  className: 'plain',
  routeObjects: ({ name, namespace, host, path, service, tlsSecret, labels = {} }) => [
    {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'Ingress',
      metadata: { name, namespace, labels },
      spec: {
        ingressClassName: 'plain',
        tls: [{ hosts: [host], secretName: tlsSecret }],
        rules: [
          {
            host,
            http: {
              paths: [
                {
                  path,
                  pathType: 'ImplementationSpecific',
                  backend: { service: { name: service.name, port: { number: service.port } } },
                },
              ],
            },
          },
        ],
      },
    },
  ],
  address: async () => ({ host: '127.0.0.1', httpPort: 8080, httpsPort: 8443 }),
  workloads: async () => [],
};

/** Certificates that the simulated cluster issues. */
export const plainCerts: Certs = {
  certificateObjects: ({ name, namespace, dnsNames, secretName, issuer, labels = {} }) => [
    {
      apiVersion: 'cert-manager.io/v1',
      kind: 'Certificate',
      metadata: { name, namespace, labels },
      spec: { dnsNames, secretName, issuerRef: { kind: 'ClusterIssuer', name: issuer } },
    },
  ],
  trustedCa: async () => undefined,
};

/** Labels that the simulated cluster acts upon. */
export const plainSecretSync: SecretSync = {
  sourceMetadata: (group) => ({ labels: {}, annotations: { 'sync.test/source': group } }),
  targetMetadata: (group) => ({ labels: { 'sync.test/target': group }, annotations: {} }),
};

export const plainMesh: Mesh = {
  sidecarContainers: ['mesh-proxy', 'mesh-init'],
  namespaceMetadata: () => ({ labels: {}, annotations: { 'mesh.test/inject': 'enabled' } }),
  excludedPodMetadata: () => ({ labels: {}, annotations: { 'mesh.test/inject': 'disabled' } }),
  enrol: async () => [],
};

/** Two names for one registry, as a node port gives it. */
export class PlainRegistry implements Registry {
  readonly deleted: string[] = [];

  repository(name: string): { push: string; pull: string } {
    return { push: `registry.test/${name}`, pull: `127.0.0.1:30500/${name}` };
  }

  async credentials(): ReturnType<Registry['credentials']> {
    return { 'registry.test': { username: 'admin', password: 'secret' } };
  }

  async trustedCa(): Promise<undefined> {
    return undefined;
  }

  async delete(name: string, tag?: string): Promise<void> {
    this.deleted.push(tag === undefined ? name : `${name}:${tag}`);
  }
}
