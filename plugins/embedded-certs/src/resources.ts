import type { KubeObject, Part, Probe } from '@epinio/core';
import type { Config } from './config.ts';
import { definitions } from './definitions.ts';
import { API_VERSION, type Certificate, type Issuer } from './kinds.ts';

export const ID = 'embedded-certs';
const CA = 'epinio-ca';
const CA_SECRET = 'epinio-ca-root';
const SELF_SIGNED = 'selfsigned-issuer';

/** Pure: the cert-manager kinds, and the issuers that the platform is known for. */
export function parts({ namespace, caDays }: Config): readonly Part[] {
  const home: KubeObject = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } };
  const ca: Certificate = {
    apiVersion: API_VERSION,
    kind: 'Certificate',
    metadata: { name: CA, namespace },
    spec: {
      isCA: true,
      commonName: CA,
      secretName: CA_SECRET,
      duration: `${caDays * 24}h`,
      // Clients trust this key: a renewed certificate must not take their trust away.
      privateKey: { algorithm: 'ECDSA', size: 256, rotationPolicy: 'Never' },
      issuerRef: { name: SELF_SIGNED, kind: 'ClusterIssuer', group: 'cert-manager.io' },
    },
  };
  const objects = [
    home,
    ...definitions(),
    issuer(SELF_SIGNED, { selfSigned: {} }),
    ca,
    issuer(CA, { ca: { secretName: CA_SECRET } }),
  ];
  return objects.map((object) => ({ kind: 'manifest', object }));
}

/** Pure: the authority signs. */
export function probes(): readonly Probe[] {
  return [
    {
      kind: 'condition',
      what: `ClusterIssuer "${CA}"`,
      apiVersion: API_VERSION,
      resourceKind: 'ClusterIssuer',
      name: CA,
      type: 'Ready',
      timeoutSeconds: 60,
    },
  ];
}

function issuer(name: string, spec: Issuer['spec']): Issuer {
  return { apiVersion: API_VERSION, kind: 'ClusterIssuer', metadata: { name }, spec };
}
