import { objectAt, objectsAt, stringAt } from '../../json.ts';
import type { Resource } from '../../registry/resource.ts';
import { Watcher } from '../../registry/watcher.ts';
import type { ApiObject } from '../../storage/api-object.ts';
import type { Store } from '../../storage/store.ts';
import type { User } from '../user.ts';

/** A RoleBinding, or a ClusterRoleBinding, whose namespace is empty. */
export interface Binding {
  readonly name: string;
  readonly namespace: string;
  readonly role: RoleRef;
  readonly subjects: readonly Subject[];
}

export interface RoleRef {
  readonly kind: string;
  readonly name: string;
}

interface Subject {
  readonly key: string;
  /** `Group "admins"`, as reasons of decisions have it. */
  readonly description: string;
}

/** Bindings of one scope by who they are for. */
type BySubject = Map<string, Binding[]>;

/**
 * All bindings of one kind by namespace and subject, kept up to date from the store's changes: a request looks at
 * those of its user only, however many there are.
 */
export class BindingIndex {
  readonly #bySubject = new Map<string, BySubject>();
  readonly #byKey = new Map<string, Binding>();
  readonly #stop: () => void;

  constructor(store: Store, resource: Resource) {
    const watcher = new Watcher(store, resource, {});
    const pull = (): void => {
      for (let shown = watcher.next(); shown !== undefined; shown = watcher.next()) {
        const { key, object } = shown.stored;
        this.#remove(key);
        if (shown.type !== 'DELETED') this.#add(key, object);
      }
    };
    pull();
    this.#stop = watcher.onChange(pull);
  }

  /** The bindings that apply to a user in a namespace ("" for those of the cluster), each once. */
  of(user: User, namespace: string): readonly Binding[] {
    const bySubject = this.#bySubject.get(namespace);
    if (bySubject === undefined) return [];
    const found = new Set<Binding>(bySubject.get(`User ${user.name}`));
    for (const group of user.groups) {
      for (const binding of bySubject.get(`Group ${group}`) ?? []) found.add(binding);
    }
    return [...found];
  }

  close(): void {
    this.#stop();
  }

  #add(key: string, object: ApiObject): void {
    const binding = bindingOf(object);
    this.#byKey.set(key, binding);
    const bySubject = this.#bySubject.get(binding.namespace) ?? new Map<string, Binding[]>();
    this.#bySubject.set(binding.namespace, bySubject);
    for (const subject of new Set(binding.subjects.map((each) => each.key))) {
      bySubject.set(subject, [...(bySubject.get(subject) ?? []), binding]);
    }
  }

  #remove(key: string): void {
    const binding = this.#byKey.get(key);
    if (binding === undefined) return;
    this.#byKey.delete(key);
    const bySubject = this.#bySubject.get(binding.namespace);
    for (const subject of binding.subjects) {
      const rest = (bySubject?.get(subject.key) ?? []).filter((other) => other !== binding);
      if (rest.length === 0) bySubject?.delete(subject.key);
      else bySubject?.set(subject.key, rest);
    }
    if (bySubject?.size === 0) this.#bySubject.delete(binding.namespace);
  }
}

/** `ClusterRoleBinding "a" of ClusterRole "b" to Group "c"`: why something was allowed. */
export function describeBinding({ name, namespace, role, subjects }: Binding, user: User): string {
  const keys = new Set([`User ${user.name}`, ...user.groups.map((group) => `Group ${group}`)]);
  const subject = subjects.find(({ key }) => keys.has(key))?.description ?? '';
  const binding =
    namespace === ''
      ? `ClusterRoleBinding ${JSON.stringify(name)}`
      : `RoleBinding ${JSON.stringify(`${name}/${namespace}`)}`;
  return `${binding} of ${role.kind} ${JSON.stringify(role.name)} to ${subject}`;
}

function bindingOf(object: ApiObject): Binding {
  const { name, namespace = '' } = object.metadata;
  const role = objectAt(object, 'roleRef');
  return {
    name,
    namespace,
    role: { kind: stringAt(role, 'kind') ?? '', name: stringAt(role, 'name') ?? '' },
    subjects: objectsAt(object, 'subjects').map((subject) =>
      subjectOf(
        stringAt(subject, 'kind') ?? '',
        stringAt(subject, 'name') ?? '',
        stringAt(subject, 'namespace') ?? namespace,
      ),
    ),
  };
}

function subjectOf(kind: string, name: string, namespace: string): Subject {
  if (kind !== 'ServiceAccount')
    return { key: `${kind} ${name}`, description: `${kind} ${JSON.stringify(name)}` };
  return {
    key: `User system:serviceaccount:${namespace}:${name}`,
    description: `ServiceAccount ${JSON.stringify(`${name}/${namespace}`)}`,
  };
}
