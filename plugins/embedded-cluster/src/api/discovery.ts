import type { Catalog } from '../registry/catalog.ts';
import type { Resource, Subresource } from '../registry/resource.ts';

/** Groups in the order in which clients prefer them: the core of Kubernetes first, then by name. */
const FIRST = [
  '',
  'apiregistration.k8s.io',
  'apps',
  'events.k8s.io',
  'authentication.k8s.io',
  'authorization.k8s.io',
  'autoscaling',
  'batch',
];

/** What the API says of itself, made anew when the set of resources changes. */
export class Discovery {
  readonly #catalog: Catalog;
  readonly #made = new Map<string, string | undefined>();
  #version = -1;

  constructor(catalog: Catalog) {
    this.#catalog = catalog;
  }

  /** /api and /apis as one document each (`aggregated`), or as lists of versions and groups. */
  root(core: boolean, aggregated: boolean): string {
    return this.#cached(`root ${core} ${aggregated}`, () => {
      const groups = this.#groups().filter(([group]) => (group === '') === core);
      if (aggregated) return aggregatedList(groups);
      return core
        ? coreVersions(groups)
        : {
            kind: 'APIGroupList',
            apiVersion: 'v1',
            groups: groups.map(([group, resources]) => apiGroup(group, resources)),
          };
    }) as string;
  }

  /** /apis/<group>; undefined when there is none. */
  group(name: string): string | undefined {
    return this.#cached(`group ${name}`, () => {
      const found = this.#groups().find(([group]) => group === name && group !== '');
      return found === undefined ? undefined : { kind: 'APIGroup', apiVersion: 'v1', ...apiGroup(...found) };
    });
  }

  /** /api/v1 and /apis/<group>/<version>; undefined when there is none. */
  version(group: string, version: string): string | undefined {
    return this.#cached(`version ${group}/${version}`, () => {
      const resources = this.#catalog
        .all()
        .filter((resource) => resource.group === group && resource.version === version);
      if (resources.length === 0) return undefined;
      const groupVersion = group === '' ? version : `${group}/${version}`;
      return {
        kind: 'APIResourceList',
        apiVersion: 'v1',
        groupVersion,
        resources: resources.flatMap(apiResources),
      };
    });
  }

  #groups(): readonly (readonly [string, readonly Resource[]])[] {
    const byGroup = new Map<string, Resource[]>();
    for (const resource of this.#catalog.all()) {
      const list = byGroup.get(resource.group);
      if (list === undefined) byGroup.set(resource.group, [resource]);
      else list.push(resource);
    }
    return [...byGroup].sort(([a], [b]) => rank(a) - rank(b) || (a < b ? -1 : 1));
  }

  #cached(key: string, make: () => object | undefined): string | undefined {
    if (this.#version !== this.#catalog.version) {
      this.#made.clear();
      this.#version = this.#catalog.version;
    }
    if (!this.#made.has(key)) {
      const made = make();
      this.#made.set(key, made && JSON.stringify(made));
    }
    return this.#made.get(key);
  }
}

function rank(group: string): number {
  const index = FIRST.indexOf(group);
  return index < 0 ? FIRST.length : index;
}

/** Versions of a group, the most stable and newest first: v2, v1, v1beta1, v1alpha1. */
export function versionsOf(resources: readonly Resource[]): readonly string[] {
  return [...new Set(resources.map(({ version }) => version))].sort(
    (a, b) => stability(b) - stability(a) || (a < b ? -1 : 1),
  );
}

function stability(version: string): number {
  const match = /^v(\d+)(?:(alpha|beta)(\d+))?$/.exec(version);
  if (match === null) return -1;
  const [, major = '0', stage, minor = '0'] = match;
  const level = stage === undefined ? 2 : stage === 'beta' ? 1 : 0;
  return level * 1_000_000 + Number(major) * 1000 + Number(minor);
}

function coreVersions(groups: readonly (readonly [string, readonly Resource[]])[]): object {
  return {
    kind: 'APIVersions',
    versions: groups.flatMap(([, resources]) => versionsOf(resources)),
    serverAddressByClientCIDRs: [{ clientCIDR: '0.0.0.0/0', serverAddress: '127.0.0.1' }],
  };
}

function apiGroup(group: string, resources: readonly Resource[]): object {
  const versions = versionsOf(resources).map((version) => ({ groupVersion: `${group}/${version}`, version }));
  return { name: group, versions, preferredVersion: versions[0] };
}

function apiResources(resource: Resource): readonly object[] {
  const { plural, singular, namespaced, kind, verbs, shortNames, categories } = resource;
  const own = {
    name: plural,
    singularName: singular,
    namespaced,
    kind,
    verbs,
    ...(shortNames.length === 0 ? {} : { shortNames }),
    ...(categories.length === 0 ? {} : { categories }),
    ...(verbs.includes('watch') ? { storageVersionHash: versionHash(resource) } : {}),
  };
  return [own, ...[...resource.subresources.values()].map((sub) => apiSubresource(resource, sub))];
}

function apiSubresource({ plural, namespaced, group, version }: Resource, sub: Subresource): object {
  const other = sub.group !== group || sub.version !== version;
  return {
    name: `${plural}/${sub.name}`,
    singularName: '',
    namespaced,
    ...(other ? { group: sub.group, version: sub.version } : {}),
    kind: sub.kind,
    verbs: sub.verbs,
  };
}

/** Says that two versions are stored alike; any stable text will do. */
function versionHash({ collection, storedAs }: Resource): string {
  return Buffer.from(`${storedAs} ${collection}`).toString('base64').slice(-12);
}

function aggregatedList(groups: readonly (readonly [string, readonly Resource[]])[]): object {
  const items = groups.map(([group, resources]) => ({
    metadata: group === '' ? {} : { name: group },
    versions: versionsOf(resources).map((version) => ({
      version,
      resources: resources.filter((resource) => resource.version === version).map(aggregatedResource),
      freshness: 'Current',
    })),
  }));
  return { kind: 'APIGroupDiscoveryList', apiVersion: 'apidiscovery.k8s.io/v2', metadata: {}, items };
}

function aggregatedResource(resource: Resource): object {
  const { group, version, kind, plural, singular, namespaced, verbs, shortNames, categories, subresources } =
    resource;
  return {
    resource: plural,
    responseKind: { group, version, kind },
    scope: namespaced ? 'Namespaced' : 'Cluster',
    singularResource: singular,
    verbs,
    ...(shortNames.length === 0 ? {} : { shortNames }),
    ...(categories.length === 0 ? {} : { categories }),
    ...(subresources.size === 0
      ? {}
      : {
          subresources: [...subresources.values()].map((sub) => ({
            subresource: sub.name,
            responseKind: { group: sub.group, version: sub.version, kind: sub.kind },
            verbs: sub.verbs,
          })),
        }),
  };
}
