import type { Condition, KubeObject } from '@epinio/core';

export const GROUP = 'cert-manager.io';
export const API_VERSION = `${GROUP}/v1`;
export const CLUSTER_ISSUERS = { apiVersion: API_VERSION, kind: 'ClusterIssuer' } as const;

/** `clusterissuers.cert-manager.io`, as far as it is looked at. */
export interface ClusterIssuer extends KubeObject {
  readonly spec: {
    readonly selfSigned?: Readonly<Record<string, unknown>>;
    readonly ca?: { readonly secretName: string };
    readonly acme?: Readonly<Record<string, unknown>>;
  };
  readonly status?: { readonly conditions?: readonly Condition[] };
}

/** The issuers that the platform is known for. */
export const ISSUERS = {
  /** Signs with the platform's own authority; the default of `tlsIssuer`. */
  ca: 'epinio-ca',
  selfSigned: 'selfsigned-issuer',
  letsEncrypt: 'letsencrypt-production',
} as const;
