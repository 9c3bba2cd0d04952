import type { Catalog } from '../../registry/catalog.ts';
import type { Store } from '../../storage/store.ts';
import { MASTERS, type User } from '../user.ts';
import { forbiddenTo, isPath, type Attributes } from './attributes.ts';
import { BindingIndex, describeBinding, type Binding, type RoleRef } from './binding-index.ts';
import { ruleAllows, rulesOf, type PolicyRule } from './policy-rule.ts';

export interface Decision {
  readonly allowed: boolean;
  /** Which binding allows it, or what kept roles from being looked at; may be empty. */
  readonly reason: string;
}

const GROUP = 'rbac.authorization.k8s.io';

/**
 * Says who may do what, by roles and bindings (RBAC). Nothing is scanned: bindings are looked up by user and group,
 * roles by name.
 */
export class Authorizer {
  readonly #store: Store;
  readonly #bindings: BindingIndex;
  readonly #clusterBindings: BindingIndex;

  constructor(catalog: Catalog, store: Store) {
    this.#store = store;
    const index = (kind: string): BindingIndex => {
      const resource = catalog.findKind(`${GROUP}/v1`, kind);
      if (resource === undefined) throw new Error(`the catalog has no ${kind}`);
      return new BindingIndex(store, resource);
    };
    this.#bindings = index('RoleBinding');
    this.#clusterBindings = index('ClusterRoleBinding');
  }

  authorize(user: User, attributes: Attributes): Decision {
    if (user.groups.includes(MASTERS)) return { allowed: true, reason: '' };
    const missing: string[] = [];
    for (const binding of this.#bindingsOf(user, isPath(attributes) ? '' : attributes.namespace)) {
      const rules = this.#rulesOf(binding.role, binding.namespace);
      if (rules === undefined) missing.push(notFound(binding));
      else if (rules.some((rule) => ruleAllows(rule, attributes))) {
        return { allowed: true, reason: `RBAC: allowed by ${describeBinding(binding, user)}` };
      }
    }
    const problems = [...new Set(missing)];
    if (problems.length === 0) return { allowed: false, reason: '' };
    const list = problems.length === 1 ? problems.join() : `[${problems.join(', ')}]`;
    return { allowed: false, reason: `RBAC: ${list}` };
  }

  /** Fails with 403. */
  require(user: User, attributes: Attributes): void {
    const { allowed, reason } = this.authorize(user, attributes);
    if (!allowed) throw forbiddenTo(user, attributes, reason);
  }

  /** All rules that a user has in a namespace ("" for the cluster alone), and the roles that are bound and not there. */
  rulesFor(
    user: User,
    namespace: string,
  ): { readonly rules: readonly PolicyRule[]; readonly problems: readonly string[] } {
    const rules: PolicyRule[] = [];
    const problems = new Set<string>();
    for (const binding of this.#bindingsOf(user, namespace)) {
      const found = this.#rulesOf(binding.role, binding.namespace);
      if (found === undefined) problems.add(notFound(binding));
      else rules.push(...found);
    }
    return { rules, problems: [...problems] };
  }

  /** The rules of the role that a binding in this namespace names; undefined when there is no such role. */
  rulesOfRole(role: RoleRef, namespace: string): readonly PolicyRule[] | undefined {
    return this.#rulesOf(role, namespace);
  }

  close(): void {
    this.#bindings.close();
    this.#clusterBindings.close();
  }

  *#bindingsOf(user: User, namespace: string): Generator<Binding> {
    yield* this.#clusterBindings.of(user, '');
    if (namespace !== '') yield* this.#bindings.of(user, namespace);
  }

  #rulesOf({ kind, name }: RoleRef, namespace: string): readonly PolicyRule[] | undefined {
    const [plural, key] = kind === 'Role' ? ['roles', `${namespace}/${name}`] : ['clusterroles', name];
    const role = this.#store.collection(`${GROUP}/${plural}`).get(key);
    return role === undefined ? undefined : rulesOf(role.object);
  }
}

function notFound({ role }: Binding): string {
  return `${role.kind.toLowerCase()}.${GROUP} ${JSON.stringify(role.name)} not found`;
}
