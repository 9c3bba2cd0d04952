import {
  EpinioError,
  type CertificateRequest,
  type Certs,
  type Kube,
  type KubeObject,
  type Secret,
} from '@epinio/core';
import type { Config } from './config.ts';
import { API_VERSION, CLUSTER_ISSUERS, GROUP, type ClusterIssuer } from './kinds.ts';

/** Certificates of cert-manager, from any of its ClusterIssuers. */
export class CertManagerCerts implements Certs {
  readonly #kube: Kube;
  readonly #config: Config;

  constructor(kube: Kube, config: Config) {
    this.#kube = kube;
    this.#config = config;
  }

  certificateObjects(request: CertificateRequest): readonly KubeObject[] {
    const { name, namespace, dnsNames, ipAddresses = [], secretName, issuer, labels } = request;
    const labelled = labels === undefined ? {} : { labels };
    return [
      {
        apiVersion: API_VERSION,
        kind: 'Certificate',
        metadata: { name, namespace, ...labelled },
        spec: {
          secretName,
          dnsNames,
          ...(ipAddresses.length === 0 ? {} : { ipAddresses }),
          issuerRef: { name: issuer, kind: 'ClusterIssuer', group: GROUP },
          privateKey: { algorithm: 'ECDSA', size: 256 },
          // Apple's systems refuse a server whose certificate does not say that it is one.
          usages: ['digital signature', 'server auth'],
          ...(labels === undefined ? {} : { secretTemplate: { labels } }),
        },
      },
    ];
  }

  async trustedCa(name: string, signal?: AbortSignal): Promise<string | undefined> {
    const issuer = await this.#kube.get<ClusterIssuer>({ ...CLUSTER_ISSUERS, name }, signal);
    if (issuer === undefined) {
      throw new EpinioError('ISSUER_NOT_FOUND', `ClusterIssuer "${name}" does not exist`, {
        fix: 'kubectl get clusterissuers shows those that do',
      });
    }
    // Publicly trusted, or signed by itself: there is no authority that clients could be told of.
    if (issuer.spec.ca === undefined) return undefined;
    const { secretName } = issuer.spec.ca;
    const { namespace } = this.#config;
    const secret = await this.#kube.get<Secret>(
      { apiVersion: 'v1', kind: 'Secret', namespace, name: secretName },
      signal,
    );
    const file = (key: string): string => Buffer.from(secret?.data?.[key] ?? '', 'base64').toString();
    const trusted = file('ca.crt') === '' ? file('tls.crt') : file('ca.crt');
    if (trusted !== '') return trusted;
    throw new EpinioError(
      'ISSUER_NOT_READY',
      `Secret "${secretName}" of ClusterIssuer "${name}" is not in namespace "${namespace}", or holds no certificate yet`,
      { fix: `kubectl describe clusterissuer ${name}`, fault: 'system' },
    );
  }
}
