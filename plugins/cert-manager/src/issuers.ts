import type { KubeObject } from '@epinio/core';
import type { Config } from './config.ts';
import { API_VERSION, GROUP, ISSUERS, type ClusterIssuer } from './kinds.ts';

const CA_SECRET = 'epinio-ca-root';

/** Pure: the platform's issuers and its authority; the one of Let's Encrypt only with an address to write to. */
export function issuers(config: Config): readonly KubeObject[] {
  const { namespace, caDays, email } = config;
  const authority: KubeObject = {
    apiVersion: API_VERSION,
    kind: 'Certificate',
    metadata: { name: ISSUERS.ca, namespace },
    spec: {
      isCA: true,
      commonName: ISSUERS.ca,
      secretName: CA_SECRET,
      duration: `${caDays * 24}h`,
      // Clients trust this key: a renewed certificate must not take their trust away.
      privateKey: { algorithm: 'ECDSA', size: 256, rotationPolicy: 'Never' },
      issuerRef: { name: ISSUERS.selfSigned, kind: 'ClusterIssuer', group: GROUP },
    },
  };
  return [
    issuer(ISSUERS.selfSigned, { selfSigned: {} }),
    authority,
    issuer(ISSUERS.ca, { ca: { secretName: CA_SECRET } }),
    ...(email === undefined ? [] : [issuer(ISSUERS.letsEncrypt, { acme: acme(email, config) })]),
  ];
}

function acme(
  email: string,
  { acmeServer, ingressClass }: Config,
): NonNullable<ClusterIssuer['spec']['acme']> {
  const ingress = { ingressClassName: ingressClass, serviceType: 'ClusterIP' };
  return {
    server: acmeServer,
    email,
    privateKeySecretRef: { name: ISSUERS.letsEncrypt },
    solvers: [{ http01: { ingress } }],
  };
}

export function issuer(name: string, spec: ClusterIssuer['spec']): ClusterIssuer {
  return { apiVersion: API_VERSION, kind: 'ClusterIssuer', metadata: { name }, spec };
}
