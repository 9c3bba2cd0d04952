import { resourcesData } from '../kinds/data/resources.data.ts';
import { rulesOf } from '../kinds/rules.ts';
import { builtinSchema } from '../schema/builtin.ts';
import type { Resource, Subresource } from './resource.ts';

interface ResourceData {
  readonly group: string;
  readonly version: string;
  readonly name: string;
  readonly kind: string;
  readonly namespaced: boolean;
  readonly verbs: readonly string[];
  readonly type?: string;
  readonly groupVersion?: readonly [string, string];
  readonly singularName?: string;
  readonly shortNames?: readonly string[];
  readonly categories?: readonly string[];
  readonly columns?: readonly (readonly [string, string, string, number])[];
}

/** All resources that are served now. Custom ones come and go with their definitions. */
export class Catalog {
  readonly #byPath = new Map<string, Resource>();
  readonly #byKind = new Map<string, Resource>();
  readonly #custom = new Map<string, readonly Resource[]>();
  #version = 0;

  constructor() {
    for (const resource of builtinResources()) this.#add(resource);
  }

  /** Changes whenever the set of resources does: what is derived from it can be kept until then. */
  get version(): number {
    return this.#version;
  }

  find(group: string, version: string, plural: string): Resource | undefined {
    return this.#byPath.get(`${group}/${version}/${plural}`);
  }

  findKind(apiVersion: string, kind: string): Resource | undefined {
    return this.#byKind.get(`${apiVersion} ${kind}`);
  }

  /** True when anything is served in this group. */
  hasGroup(group: string): boolean {
    return this.all().some((resource) => resource.group === group);
  }

  /** True when anything is served in this group and version. */
  hasVersion(group: string, version: string): boolean {
    return this.all().some((resource) => resource.group === group && resource.version === version);
  }

  all(): readonly Resource[] {
    return [...this.#byPath.values()];
  }

  /** The resources that a definition declares: one for each served version. Replaces what it declared before. */
  setCustom(definition: string, resources: readonly Resource[]): void {
    for (const old of this.#custom.get(definition) ?? []) {
      this.#byPath.delete(`${old.group}/${old.version}/${old.plural}`);
      this.#byKind.delete(`${old.apiVersion} ${old.kind}`);
    }
    if (resources.length === 0) this.#custom.delete(definition);
    else this.#custom.set(definition, resources);
    for (const resource of resources) this.#add(resource);
    this.#version++;
  }

  #add(resource: Resource): void {
    this.#byPath.set(`${resource.group}/${resource.version}/${resource.plural}`, resource);
    this.#byKind.set(`${resource.apiVersion} ${resource.kind}`, resource);
  }
}

function builtinResources(): readonly Resource[] {
  const all = JSON.parse(resourcesData) as readonly ResourceData[];
  return all.filter(({ name }) => !name.includes('/')).map((data) => builtin(data, all));
}

function builtin(data: ResourceData, all: readonly ResourceData[]): Resource {
  const { group, version, name, kind, type = '' } = data;
  const apiVersion = group === '' ? version : `${group}/${version}`;
  const rules = rulesOf(type);
  const subresources = all.filter(
    (other) => other.group === group && other.version === version && other.name.startsWith(`${name}/`),
  );
  return {
    group,
    version,
    apiVersion,
    plural: name,
    singular: data.singularName ?? kind.toLowerCase(),
    kind,
    listKind: `${kind}List`,
    namespaced: data.namespaced,
    verbs: data.verbs,
    shortNames: data.shortNames ?? [],
    categories: data.categories ?? [],
    columns: (data.columns ?? []).map(([title, columnType, format, priority]) => ({
      name: title,
      type: columnType,
      format,
      priority,
    })),
    subresources: new Map(
      subresources.map((sub) => [sub.name.slice(name.length + 1), subresource(sub, name)]),
    ),
    get schema() {
      return builtinSchema(type);
    },
    rules,
    collection: rules.stored?.collection ?? `${group}/${name}`,
    storedAs: rules.stored?.apiVersion ?? apiVersion,
  };
}

function subresource(data: ResourceData, plural: string): Subresource {
  const [group, version] = data.groupVersion ?? [data.group, data.version];
  const { type } = data;
  return {
    name: data.name.slice(plural.length + 1),
    group,
    version,
    kind: data.kind,
    verbs: data.verbs,
    ...(type === undefined ? {} : { schema: builtinSchema(type) }),
  };
}
