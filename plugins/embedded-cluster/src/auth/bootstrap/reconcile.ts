import { copy, equal, isObject, objectsAt } from '../../json.ts';
import { internalRequest } from '../../registry/internal-request.ts';
import type { Registry } from '../../registry/registry.ts';
import type { Resource } from '../../registry/resource.ts';
import type { ApiObject, Metadata } from '../../storage/api-object.ts';
import { uncovered } from '../authorize/covers.ts';
import { rulesOf } from '../authorize/policy-rule.ts';
import { CLUSTER_ROLE_BINDINGS, CLUSTER_ROLES, type BootstrapRole } from './policy.ts';

const GROUP = 'rbac.authorization.k8s.io';
/** Whoever sets it to "false" keeps a role or binding as it is. */
const AUTO_UPDATE = 'rbac.authorization.kubernetes.io/autoupdate';
const LABELS = { 'kubernetes.io/bootstrapping': 'rbac-defaults' };

/**
 * Makes the roles and bindings that every cluster has, and gives back to them what was taken away, as a real API server
 * does when it starts. What was added stays.
 */
export async function reconcileBootstrapPolicy(registry: Registry): Promise<void> {
  const [roles, bindings] = ['ClusterRole', 'ClusterRoleBinding'].map((kind) => resourceOf(registry, kind));
  if (roles === undefined || bindings === undefined) return;
  await Promise.all([
    ...CLUSTER_ROLES.map((role) => reconcile(registry, roles, clusterRole(role), mendRole)),
    ...CLUSTER_ROLE_BINDINGS.map(({ name, groups }) => {
      const subjects = groups.map((group) => ({ apiGroup: GROUP, kind: 'Group', name: group }));
      const roleRef = { apiGroup: GROUP, kind: 'ClusterRole', name };
      return reconcile(registry, bindings, { metadata: metadataOf(name), roleRef, subjects }, mendBinding);
    }),
  ]);
}

/** The object without what its resource says of it. */
interface Expected {
  readonly metadata: Metadata;
  readonly [field: string]: unknown;
}

async function reconcile(
  registry: Registry,
  resource: Resource,
  expected: Expected,
  mend: (present: ApiObject, expected: Expected) => void,
): Promise<void> {
  const request = internalRequest('apiserver', 'kube-apiserver');
  const { name } = expected.metadata;
  const stored = registry.store.collection(resource.collection).get(name);
  if (stored === undefined) {
    await registry.create(resource, undefined, expected, request);
    return;
  }
  if (stored.object.metadata.annotations?.[AUTO_UPDATE] === 'false') return;
  const mended = copy(stored.object);
  const { metadata } = mended;
  metadata.annotations = { ...expected.metadata.annotations, ...metadata.annotations };
  metadata.labels = { ...expected.metadata.labels, ...metadata.labels };
  mend(mended, expected);
  if (equal(mended, stored.object)) return;
  await registry.update({ resource, namespace: undefined, name }, mended, request);
}

function mendRole(role: ApiObject, expected: Expected): void {
  const wanted = { ...expected, kind: role.kind, apiVersion: role.apiVersion };
  const missing = uncovered(rulesOf(role), rulesOf(wanted));
  if (missing.length > 0) role['rules'] = [...rulesOf(role), ...missing];
  if (!isObject(expected['aggregationRule'])) {
    delete role['aggregationRule'];
    return;
  }
  const present = objectsAt(role, 'aggregationRule', 'clusterRoleSelectors');
  const selectors = objectsAt(expected, 'aggregationRule', 'clusterRoleSelectors');
  const lost = selectors.filter((selector) => !present.some((other) => equal(other, selector)));
  if (lost.length > 0) role['aggregationRule'] = { clusterRoleSelectors: [...present, ...lost] };
}

function mendBinding(binding: ApiObject, expected: Expected): void {
  const present = objectsAt(binding, 'subjects');
  const lost = objectsAt(expected, 'subjects').filter(
    (subject) => !present.some((other) => equal(other, subject)),
  );
  if (lost.length > 0) binding['subjects'] = [...present, ...lost];
}

function clusterRole({ name, labels, rules, aggregates }: BootstrapRole): Expected {
  return {
    metadata: metadataOf(name, labels),
    ...(rules === undefined ? {} : { rules }),
    ...(aggregates === undefined
      ? {}
      : { aggregationRule: { clusterRoleSelectors: [{ matchLabels: { [aggregates]: 'true' } }] } }),
  };
}

function metadataOf(name: string, labels: Readonly<Record<string, string>> = {}): Expected['metadata'] {
  return { name, labels: { ...labels, ...LABELS }, annotations: { [AUTO_UPDATE]: 'true' } };
}

function resourceOf(registry: Registry, kind: string): Resource | undefined {
  return registry.catalog.findKind(`${GROUP}/v1`, kind);
}
