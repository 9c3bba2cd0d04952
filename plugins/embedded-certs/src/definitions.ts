import type { CustomResourceDefinition } from '@epinio/core';
import { GROUP } from './kinds.ts';

type Schema = Readonly<Record<string, unknown>>;

const text: Schema = { type: 'string' };
const texts: Schema = { type: 'array', items: text };
const textMap: Schema = { type: 'object', additionalProperties: text };
const anything: Schema = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };

const conditions: Schema = {
  type: 'array',
  'x-kubernetes-list-type': 'map',
  'x-kubernetes-list-map-keys': ['type'],
  items: {
    type: 'object',
    required: ['type', 'status'],
    properties: {
      type: text,
      status: { type: 'string', enum: ['True', 'False', 'Unknown'] },
      reason: text,
      message: text,
      observedGeneration: { type: 'integer', format: 'int64' },
      lastTransitionTime: { type: 'string', format: 'date-time' },
    },
  },
};

const certificateSpec: Schema = {
  type: 'object',
  required: ['secretName', 'issuerRef'],
  // What a certificate may ask of cert-manager beyond what is acted upon here is kept, for the day of a change.
  'x-kubernetes-preserve-unknown-fields': true,
  properties: {
    secretName: { ...text, minLength: 1 },
    issuerRef: { type: 'object', required: ['name'], properties: { name: text, kind: text, group: text } },
    commonName: { ...text, maxLength: 64 },
    dnsNames: texts,
    ipAddresses: texts,
    isCA: { type: 'boolean' },
    duration: text,
    renewBefore: text,
    usages: texts,
    privateKey: {
      type: 'object',
      properties: {
        algorithm: { type: 'string', enum: ['RSA', 'ECDSA', 'Ed25519'] },
        encoding: { type: 'string', enum: ['PKCS1', 'PKCS8'] },
        rotationPolicy: { type: 'string', enum: ['Never', 'Always'] },
        size: { type: 'integer' },
      },
    },
    secretTemplate: { type: 'object', properties: { labels: textMap, annotations: textMap } },
  },
};

const issuerSpec: Schema = {
  type: 'object',
  properties: {
    selfSigned: anything,
    ca: {
      type: 'object',
      required: ['secretName'],
      'x-kubernetes-preserve-unknown-fields': true,
      properties: { secretName: text },
    },
    acme: anything,
    vault: anything,
    venafi: anything,
  },
};

const certificateStatus: Schema = {
  type: 'object',
  'x-kubernetes-preserve-unknown-fields': true,
  properties: {
    conditions,
    notBefore: { type: 'string', format: 'date-time' },
    notAfter: { type: 'string', format: 'date-time' },
    renewalTime: { type: 'string', format: 'date-time' },
    revision: { type: 'integer' },
  },
};

const issuerStatus: Schema = { ...anything, properties: { conditions } };
const ready = { name: 'Ready', type: 'string', jsonPath: '.status.conditions[?(@.type == "Ready")].status' };
const age = { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' };

/** Pure: the definitions of the cert-manager kinds that are served, with cert-manager's own field names. */
export function definitions(): readonly CustomResourceDefinition[] {
  const secret = { name: 'Secret', type: 'string', jsonPath: '.spec.secretName' };
  const issuer = { name: 'Issuer', type: 'string', jsonPath: '.spec.issuerRef.name', priority: 1 };
  return [
    definition('Certificate', 'Namespaced', ['cert', 'certs'], certificateSpec, certificateStatus, [
      ready,
      secret,
      issuer,
      age,
    ]),
    definition('Issuer', 'Namespaced', ['iss'], issuerSpec, issuerStatus, [ready, age]),
    definition('ClusterIssuer', 'Cluster', ['ciss'], issuerSpec, issuerStatus, [ready, age]),
  ];
}

function definition(
  kind: string,
  scope: 'Namespaced' | 'Cluster',
  shortNames: readonly string[],
  spec: Schema,
  status: Schema,
  additionalPrinterColumns: readonly Schema[],
): CustomResourceDefinition {
  const singular = kind.toLowerCase();
  const plural = `${singular}s`;
  const schema = {
    type: 'object',
    required: ['spec'],
    properties: { apiVersion: text, kind: text, metadata: { type: 'object' }, spec, status },
  };
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${GROUP}` },
    spec: {
      group: GROUP,
      scope,
      names: { kind, plural, singular, listKind: `${kind}List`, shortNames, categories: ['cert-manager'] },
      versions: [
        {
          name: 'v1',
          served: true,
          storage: true,
          schema: { openAPIV3Schema: schema },
          subresources: { status: {} },
          additionalPrinterColumns,
        },
      ],
    },
  };
}
