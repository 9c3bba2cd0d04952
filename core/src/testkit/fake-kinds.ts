import type { KubeObject } from '../kernel/component.ts';
import { kubeError } from '../kube/kube-error.ts';
import { isJson, type Json, sameJson } from './fake-json.ts';

/** Groups that every API server has; the others come with a CustomResourceDefinition. */
const BUILT_IN_GROUPS = new Set([
  '',
  'admissionregistration.k8s.io',
  'apiextensions.k8s.io',
  'apiregistration.k8s.io',
  'apps',
  'autoscaling',
  'batch',
  'coordination.k8s.io',
  'discovery.k8s.io',
  'events.k8s.io',
  'networking.k8s.io',
  'policy',
  'rbac.authorization.k8s.io',
  'scheduling.k8s.io',
  'storage.k8s.io',
]);

const CLUSTER_SCOPED = new Set([
  'APIService',
  'ClusterRole',
  'ClusterRoleBinding',
  'CustomResourceDefinition',
  'IngressClass',
  'MutatingWebhookConfiguration',
  'Namespace',
  'Node',
  'PersistentVolume',
  'PriorityClass',
  'StorageClass',
  'ValidatingWebhookConfiguration',
]);

const WITHOUT_STATUS = new Set([
  'ClusterRole',
  'ClusterRoleBinding',
  'ConfigMap',
  'Endpoints',
  'EndpointSlice',
  'Event',
  'IngressClass',
  'Lease',
  'Role',
  'RoleBinding',
  'Secret',
  'ServiceAccount',
  'StorageClass',
]);

/** Field selectors beside `metadata.name` and `metadata.namespace`, which every kind has. */
const SELECTABLE: Readonly<Record<string, readonly string[]>> = {
  Event: [
    'involvedObject.kind',
    'involvedObject.name',
    'involvedObject.namespace',
    'involvedObject.uid',
    'reason',
    'type',
  ],
  Job: ['status.successful'],
  Namespace: ['status.phase'],
  Node: ['spec.unschedulable'],
  Pod: ['spec.nodeName', 'spec.restartPolicy', 'spec.serviceAccountName', 'status.phase', 'status.podIP'],
  ReplicaSet: ['status.replicas'],
  Secret: ['type'],
};

export interface KindFacts {
  readonly namespaced: boolean;
  /** `status` is written through its subresource only. */
  readonly hasStatus: boolean;
  readonly selectable: readonly string[];
}

/**
 * What the server knows of a kind.
 * @param definition the CRD of its group and kind, when there is one.
 * @returns undefined when the server does not have it; `namespaced` undefined when the object has to say.
 */
export function kindFacts(
  apiVersion: string,
  kind: string,
  definition: Json | undefined,
): (Omit<KindFacts, 'namespaced'> & { readonly namespaced: boolean | undefined }) | undefined {
  const base = ['metadata.name', 'metadata.namespace'];
  if (isBuiltIn(apiVersion)) {
    return {
      namespaced: !CLUSTER_SCOPED.has(kind),
      hasStatus: !WITHOUT_STATUS.has(kind),
      selectable: [...base, ...(SELECTABLE[kind] ?? [])],
    };
  }
  if (definition === undefined) return { namespaced: undefined, hasStatus: true, selectable: base };
  const spec = definition['spec'] as { scope: string; versions: readonly Json[] };
  const version = spec.versions.find(
    ({ name, served }) => name === apiVersion.split('/')[1] && served === true,
  );
  if (version === undefined) return undefined;
  const subresources = version['subresources'];
  return {
    namespaced: spec.scope === 'Namespaced',
    hasStatus: isJson(subresources) && 'status' in subresources,
    selectable: base,
  };
}

/** True for groups that need no CustomResourceDefinition. */
export function isBuiltIn(apiVersion: string): boolean {
  return BUILT_IN_GROUPS.has(groupOf(apiVersion));
}

export function groupOf(apiVersion: string): string {
  return apiVersion.includes('/') ? (apiVersion.split('/')[0] ?? '') : '';
}

const SUBDOMAIN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const LABEL_VALUE = /^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$/;
const DATA_KEY = /^[-._a-zA-Z0-9]+$/;
/** Kinds of which a name is one DNS label. */
const LABEL_NAMED = new Set(['Namespace', 'Service']);
/** Kinds whose names are path segments. */
const FREELY_NAMED = new Set(['ClusterRole', 'ClusterRoleBinding', 'Role', 'RoleBinding']);

/** Refuses what the fake knows to be refused by every API server: bad names, labels, changed immutable fields. */
export function validate(object: KubeObject, before?: KubeObject): void {
  const { kind, metadata } = object;
  const problems: string[] = [];
  const { name } = metadata;
  if (!FREELY_NAMED.has(kind)) {
    const isLabel = LABEL_NAMED.has(kind);
    if (!SUBDOMAIN.test(name) || name.length > (isLabel ? 63 : 253) || (isLabel && name.includes('.'))) {
      const rule = isLabel ? 'RFC 1123 label' : 'lowercase RFC 1123 subdomain';
      problems.push(`metadata.name: Invalid value: "${name}": must be a ${rule}`);
    }
  }
  for (const [key, value] of Object.entries(metadata.labels ?? {})) {
    if (typeof value !== 'string' || value.length > 63 || !LABEL_VALUE.test(value)) {
      problems.push(
        `metadata.labels: Invalid value: "${value}": a valid label must be at most 63 characters (${key})`,
      );
    }
  }
  for (const [key, value] of Object.entries(metadata.annotations ?? {})) {
    if (typeof value !== 'string')
      problems.push(`metadata.annotations: Invalid value: ${key} must be a string`);
  }
  if (kind === 'ConfigMap' || kind === 'Secret') {
    for (const key of Object.keys(object['data'] ?? {})) {
      if (!DATA_KEY.test(key))
        problems.push(`data[${key}]: Invalid value: "${key}": a valid config key is needed`);
    }
  }
  if (before !== undefined) problems.push(...immutableChanges(object, before));
  if (problems.length > 0) {
    const message = `${kind} "${name}" is invalid: ${problems.join(', ')}`;
    throw kubeError({ code: 422, reason: 'Invalid', message });
  }
}

function immutableChanges(object: KubeObject, before: KubeObject): string[] {
  const fields: Readonly<Record<string, readonly string[]>> = {
    Deployment: ['selector'],
    ReplicaSet: ['selector'],
    Job: ['template', 'selector', 'completions'],
  };
  const now = (object['spec'] ?? {}) as Json;
  const then = (before['spec'] ?? {}) as Json;
  const changed = (fields[object.kind] ?? []).filter((field) => !sameJson(now[field], then[field]));
  const problems = changed.map((field) => `spec.${field}: Invalid value: field is immutable`);
  const isData = object.kind === 'Secret' || object.kind === 'ConfigMap';
  if (isData && before['immutable'] === true && !sameJson(object['data'], before['data'])) {
    problems.push('data: Forbidden: field is immutable when `immutable` is set');
  }
  if (object.kind === 'Secret' && before['type'] !== object['type']) {
    problems.push('type: Invalid value: field is immutable');
  }
  return problems;
}
