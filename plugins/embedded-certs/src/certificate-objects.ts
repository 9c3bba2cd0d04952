import type { CertificateRequest } from '@epinio/core';
import { API_VERSION, type Certificate } from './kinds.ts';

/** Pure: the `cert-manager.io/v1` Certificate that asks for what the platform wants. */
export function certificateObjects(request: CertificateRequest): readonly Certificate[] {
  const { name, namespace, dnsNames, ipAddresses, secretName, issuer, labels } = request;
  return [
    {
      apiVersion: API_VERSION,
      kind: 'Certificate',
      metadata: { name, namespace, ...(labels === undefined ? {} : { labels }) },
      spec: {
        secretName,
        dnsNames,
        ...(ipAddresses === undefined || ipAddresses.length === 0 ? {} : { ipAddresses }),
        issuerRef: { name: issuer, kind: 'ClusterIssuer', group: 'cert-manager.io' },
        privateKey: { algorithm: 'ECDSA', size: 256 },
        // Apple's systems refuse a server whose certificate does not say that it is one.
        usages: ['digital signature', 'server auth'],
        // The Secret goes with what asked for it: with its Certificate, by its labels known as the platform's.
        ...(labels === undefined ? {} : { secretTemplate: { labels } }),
      },
    },
  ];
}
