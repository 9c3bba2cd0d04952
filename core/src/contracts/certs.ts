import type { KubeObject } from '../kernel/component.ts';
import { contract } from '../kernel/plugin.ts';

export interface CertificateRequest {
  /** Of the objects made for it. */
  readonly name: string;
  readonly namespace: string;
  readonly dnsNames: readonly string[];
  readonly ipAddresses?: readonly string[];
  /** Secret of type kubernetes.io/tls (tls.crt, tls.key, ca.crt) that will hold the result. */
  readonly secretName: string;
  /** ClusterIssuer. */
  readonly issuer: string;
  readonly labels?: Readonly<Record<string, string>>;
}

/** Issues and renews certificates. */
export interface Certs {
  /** Pure: the objects that make the certificate appear in its Secret and be renewed. */
  certificateObjects(request: CertificateRequest): readonly KubeObject[];
  /**
   * PEM of the authority behind an issuer that clients have to be told to trust.
   * @returns undefined for publicly trusted issuers. Fails with `ISSUER_NOT_FOUND`.
   */
  trustedCa(issuer: string, signal?: AbortSignal): Promise<string | undefined>;
}

export const certs = contract<Certs>('certs');
