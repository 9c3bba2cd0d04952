import {
  EpinioError,
  type CertificateRequest,
  type Certs,
  type Clock,
  type Informers,
  type Kube,
  type KubeObject,
  type Log,
  type RunHost,
  type Secret,
} from '@epinio/core';
import { certificateObjects } from './certificate-objects.ts';
import type { Config } from './config.ts';
import { runController } from './controller/run-controller.ts';
import { CLUSTER_ISSUERS, SECRETS, type Issuer } from './kinds.ts';
import { tlsFilesOf } from './secret-files.ts';

export interface CertsNeeds {
  readonly kube: Kube;
  readonly informers: Informers;
  readonly log: Log;
  readonly clock: Clock;
}

/** Self-signed and CA issuers behind the cert-manager API; the server runs the controller. */
export class EmbeddedCerts implements Certs {
  readonly #needs: CertsNeeds;
  readonly #config: Config;

  constructor(needs: CertsNeeds, config: Config) {
    this.#needs = needs;
    this.#config = config;
  }

  certificateObjects(request: CertificateRequest): readonly KubeObject[] {
    return certificateObjects(request);
  }

  async trustedCa(name: string, signal?: AbortSignal): Promise<string | undefined> {
    const { kube } = this.#needs;
    const issuer = await kube.get<Issuer>({ ...CLUSTER_ISSUERS, name }, signal);
    if (issuer === undefined) {
      throw new EpinioError('ISSUER_NOT_FOUND', `ClusterIssuer "${name}" does not exist`, {
        fix: 'kubectl get clusterissuers shows those that do',
      });
    }
    // A certificate that signs itself has no authority that could be trusted beforehand.
    if (issuer.spec.ca === undefined) return undefined;
    const { secretName } = issuer.spec.ca;
    const secret = await kube.get<Secret>(
      { ...SECRETS, namespace: this.#config.namespace, name: secretName },
      signal,
    );
    const { certificate, ca } = tlsFilesOf(secret);
    const trusted = ca === '' ? certificate : ca;
    if (trusted !== '') return trusted;
    throw new EpinioError(
      'ISSUER_NOT_READY',
      `Secret "${this.#config.namespace}/${secretName}" of ClusterIssuer "${name}" holds no certificate yet`,
      {
        fix: 'try again when the issuer is Ready',
        fault: 'system',
      },
    );
  }

  run(host: RunHost): Promise<void> {
    return runController({ ...this.#needs, clusterNamespace: this.#config.namespace }, host);
  }
}
