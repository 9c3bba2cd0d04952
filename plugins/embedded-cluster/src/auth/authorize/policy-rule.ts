import { objectsAt } from '../../json.ts';
import type { ApiObject } from '../../storage/api-object.ts';
import { isPath, type Attributes } from './attributes.ts';

/** rbac/v1 PolicyRule. */
export interface PolicyRule {
  readonly verbs: readonly string[];
  readonly apiGroups?: readonly string[];
  readonly resources?: readonly string[];
  readonly resourceNames?: readonly string[];
  readonly nonResourceURLs?: readonly string[];
}

/** The rules of a Role or ClusterRole. */
export function rulesOf(role: ApiObject): readonly PolicyRule[] {
  return objectsAt(role, 'rules') as unknown as readonly PolicyRule[];
}

export function ruleAllows(rule: PolicyRule, attributes: Attributes): boolean {
  if (!hasOrAll(rule.verbs, attributes.verb)) return false;
  if (isPath(attributes)) {
    return rule.nonResourceURLs?.some((url) => urlCovers(url, attributes.path)) === true;
  }
  const { group, resource, subresource, name } = attributes;
  return (
    hasOrAll(rule.apiGroups, group) &&
    allowsResource(rule.resources, resource, subresource) &&
    (rule.resourceNames === undefined || rule.resourceNames.length === 0 || rule.resourceNames.includes(name))
  );
}

/** True when a rule's URL, which may end with `*`, stands for another. */
export function urlCovers(owner: string, url: string): boolean {
  return owner === url || (owner.endsWith('*') && url.startsWith(owner.replace(/\*+$/, '')));
}

function hasOrAll(list: readonly string[] | undefined, wanted: string): boolean {
  return list !== undefined && (list.includes(wanted) || list.includes('*'));
}

/** `*` is everything, "pods/log" that alone, and "*" + "/scale" the subresource of everything. */
function allowsResource(
  resources: readonly string[] | undefined,
  resource: string,
  subresource: string,
): boolean {
  if (resources === undefined) return false;
  if (subresource === '') return resources.includes(resource) || resources.includes('*');
  return (
    resources.includes('*') ||
    resources.includes(`${resource}/${subresource}`) ||
    resources.includes(`*/${subresource}`)
  );
}
