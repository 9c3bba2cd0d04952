import type { Part, Probe } from '@epinio/core';
import { chartPart } from '@epinio/core/charts';
import type { Config } from './config.ts';
import { issuer, issuers } from './issuers.ts';
import { API_VERSION, ISSUERS } from './kinds.ts';
import { valuesFor } from './values.ts';

export const ID = 'cert-manager';
export const RELEASE = 'cert-manager';

/** Pure: namespace and chart, and the platform's issuers once the webhook takes them, whoever installed it. */
export function parts(config: Config): readonly Part[] {
  const { install, namespace, readyTimeoutSeconds } = config;
  if (!install) return [];
  const answers: Probe = {
    kind: 'dry-run',
    what: 'the webhook of cert-manager',
    object: issuer('epinio-check', { selfSigned: {} }),
    timeoutSeconds: readyTimeoutSeconds,
  };
  return [
    { kind: 'manifest', object: { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } } },
    chartPart({ release: RELEASE, namespace, values: valuesFor(config) }, config),
    ...issuers(config).map((object): Part => ({ kind: 'manifest', object, onceReady: [answers] })),
  ];
}

/** Pure: the authority signs, which needs all of cert-manager's programs. */
export function probes({ install, readyTimeoutSeconds }: Config): readonly Probe[] {
  if (!install) return [];
  return [
    {
      kind: 'condition',
      what: `ClusterIssuer "${ISSUERS.ca}"`,
      apiVersion: API_VERSION,
      resourceKind: 'ClusterIssuer',
      name: ISSUERS.ca,
      type: 'Ready',
      timeoutSeconds: readyTimeoutSeconds,
    },
  ];
}
