import { describeRules, quotedList, uncovered } from '../../auth/authorize/covers.ts';
import { rulesOf, type PolicyRule } from '../../auth/authorize/policy-rule.ts';
import { MASTERS } from '../../auth/user.ts';
import { equal, objectsAt, stringAt, without } from '../../json.ts';
import type { Admission } from '../../registry/resource.ts';
import { forbiddenRequest, objectNotFound } from '../../status.ts';
import type { ApiObject } from '../../storage/api-object.ts';

const GROUP = 'rbac.authorization.k8s.io';
const EVERYTHING: readonly PolicyRule[] = [
  { apiGroups: ['*'], resources: ['*'], verbs: ['*'] },
  { nonResourceURLs: ['*'], verbs: ['*'] },
];

/** Who writes a role must have all that it allows, or the verb `escalate`. Fails with 403. */
export function checkRole(
  resource: 'roles' | 'clusterroles',
  next: ApiObject,
  current: ApiObject | undefined,
  admission: Admission,
): void {
  const { user, authorizer, urlName } = admission;
  if (user.groups.includes(MASTERS) || changesNothing(next, current)) return;
  const namespace = next.metadata.namespace ?? '';
  const attributes = { group: GROUP, resource, subresource: '', namespace };
  if (authorizer.authorize(user, { ...attributes, verb: 'escalate', name: urlName }).allowed) return;
  refuseEscalation(resource, next, rulesOf(next), admission);
  if (!isAggregated(next) && !isAggregated(current)) return;
  if (uncovered(authorizer.rulesFor(user, namespace).rules, EVERYTHING).length === 0) return;
  throw forbiddenRequest(
    { group: GROUP, resource },
    next.metadata.name,
    'must have cluster-admin privileges to use the aggregationRule',
  );
}

/** Who binds a role must have all that it allows, or the verb `bind` on it. Fails with 403, or 404 without the role. */
export function checkBinding(
  resource: 'rolebindings' | 'clusterrolebindings',
  next: ApiObject,
  current: ApiObject | undefined,
  admission: Admission,
): void {
  const { user, authorizer } = admission;
  if (user.groups.includes(MASTERS) || changesNothing(next, current)) return;
  const namespace = next.metadata.namespace ?? '';
  const kind = stringAt(next, 'roleRef', 'kind') ?? '';
  const name = stringAt(next, 'roleRef', 'name') ?? '';
  const group = stringAt(next, 'roleRef', 'apiGroup') ?? '';
  if (kind !== 'Role' && kind !== 'ClusterRole') return; // validation has the word
  const role = { group, resource: `${kind.toLowerCase()}s`, subresource: '', namespace, name };
  if (authorizer.authorize(user, { ...role, verb: 'bind' }).allowed) return;
  const rules = authorizer.rulesOfRole({ kind, name }, namespace);
  if (rules === undefined) throw objectNotFound({ group: GROUP, resource }, name); // so the real one words it
  refuseEscalation(resource, next, rules, admission);
}

function refuseEscalation(
  resource: string,
  { metadata }: ApiObject,
  wanted: readonly PolicyRule[],
  { user, authorizer }: Admission,
): void {
  const { rules, problems } = authorizer.rulesFor(user, metadata.namespace ?? '');
  const missing = uncovered(rules, wanted);
  if (missing.length === 0) return;
  const who = `user ${JSON.stringify(user.name)} (groups=${quotedList(user.groups)})`;
  const errors = problems.length === 0 ? '' : `; resolution errors: [${problems.join(', ')}]`;
  throw forbiddenRequest(
    { group: GROUP, resource },
    metadata.name,
    `${who} is attempting to grant RBAC permissions not currently held:\n${describeRules(missing)}${errors}`,
  );
}

function isAggregated(role: ApiObject | undefined): boolean {
  return objectsAt(role, 'aggregationRule', 'clusterRoleSelectors').length > 0;
}

/** True for changes that only let an object go: owners, finalizers. */
function changesNothing(next: ApiObject, current: ApiObject | undefined): boolean {
  if (current === undefined) return false;
  const content = ({ metadata, ...rest }: ApiObject): object => ({
    ...rest,
    metadata: without(metadata, ...RELEASING),
  });
  return equal(content(next), content(current));
}

const RELEASING = ['ownerReferences', 'finalizers', 'selfLink', 'managedFields', 'resourceVersion'] as const;
