import type { Condition, KubeObject } from '@epinio/core';

export const API_VERSION = 'cert-manager.io/v1';
export const GROUP = 'cert-manager.io';

/** Names the issuer of a certificate; kind "Issuer" and our group when left out. */
export interface IssuerRef {
  readonly name: string;
  readonly kind?: string;
  readonly group?: string;
}

/** `certificates.cert-manager.io`, as far as it is acted upon. */
export interface Certificate extends KubeObject {
  readonly spec: {
    readonly secretName: string;
    readonly issuerRef: IssuerRef;
    readonly commonName?: string;
    readonly dnsNames?: readonly string[];
    readonly ipAddresses?: readonly string[];
    readonly isCA?: boolean;
    /** Go duration: "2160h". */
    readonly duration?: string;
    readonly renewBefore?: string;
    readonly usages?: readonly string[];
    readonly privateKey?: {
      readonly algorithm?: 'RSA' | 'ECDSA';
      readonly size?: number;
      readonly rotationPolicy?: 'Always' | 'Never';
    };
    readonly secretTemplate?: {
      readonly labels?: Readonly<Record<string, string>>;
      readonly annotations?: Readonly<Record<string, string>>;
    };
  };
  readonly status?: {
    readonly conditions?: readonly Condition[];
    readonly notBefore?: string;
    readonly notAfter?: string;
    readonly renewalTime?: string;
    readonly revision?: number;
  };
}

/** `issuers.cert-manager.io` and `clusterissuers.cert-manager.io`. */
export interface Issuer extends KubeObject {
  readonly spec: {
    readonly selfSigned?: Readonly<Record<string, unknown>>;
    readonly ca?: { readonly secretName: string };
    readonly [other: string]: unknown;
  };
  readonly status?: { readonly conditions?: readonly Condition[] };
}

export const CERTIFICATES = { apiVersion: API_VERSION, kind: 'Certificate' };
export const ISSUERS = { apiVersion: API_VERSION, kind: 'Issuer' };
export const CLUSTER_ISSUERS = { apiVersion: API_VERSION, kind: 'ClusterIssuer' };
export const SECRETS = { apiVersion: 'v1', kind: 'Secret' };
