import type { Catalog } from '../registry/catalog.ts';
import type { Resource, Subresource } from '../registry/resource.ts';

/** What a path leads to. */
export type Route =
  | { readonly kind: 'collection'; readonly resource: Resource; readonly namespace: string | undefined }
  | {
      readonly kind: 'object';
      readonly resource: Resource;
      readonly namespace: string | undefined;
      readonly name: string;
    }
  | {
      readonly kind: 'subresource';
      readonly resource: Resource;
      readonly namespace: string | undefined;
      readonly name: string;
      readonly subresource: Subresource;
    }
  /** What a pod or a Service answers itself; `path` is empty or begins with a slash, and is as the client wrote it. */
  | {
      readonly kind: 'proxy';
      readonly resource: Resource;
      readonly namespace: string | undefined;
      readonly name: string;
      readonly path: string;
    }
  /** Discovery, health, OpenAPI: everything that is no resource. */
  | { readonly kind: 'other'; readonly segments: readonly string[] }
  /** A path where there is nothing; `known` tells that its group is there. */
  | { readonly kind: 'nothing'; readonly known: boolean };

/** Splits a path after `pods/NAME/proxy`. */
const BEHIND_PROXY = /^(\/+api\/+v1\/+namespaces\/+[^/]+\/+[^/]+\/+[^/]+\/+proxy)(\/.*)$/;

/** Finds what a path (without query) leads to: `/api/v1/namespaces/x/pods/y/log`, `/apis/apps/v1/deployments`. */
export function routeOf(catalog: Catalog, path: string): Route {
  const [, before = path, below] = BEHIND_PROXY.exec(path) ?? [];
  const route = routeOfObject(catalog, before);
  if (route.kind !== 'subresource' || route.subresource.name !== 'proxy')
    return below === undefined ? route : routeOfObject(catalog, path);
  const { resource, namespace, name } = route;
  return { kind: 'proxy', resource, namespace, name, path: below ?? '' };
}

function routeOfObject(catalog: Catalog, path: string): Route {
  const segments = segmentsOf(path);
  const [root, ...rest] = segments;
  if (root === 'api' && rest.length >= 2) return resourceRoute(catalog, '', rest[0] ?? '', rest.slice(1));
  if (root === 'apis' && rest.length >= 3)
    return resourceRoute(catalog, rest[0] ?? '', rest[1] ?? '', rest.slice(2));
  return { kind: 'other', segments };
}

function segmentsOf(path: string): readonly string[] {
  const segments = path.split('/').filter((segment) => segment !== '');
  if (!path.includes('%')) return segments;
  try {
    return segments.map(decodeURIComponent);
  } catch {
    return ['\u0000']; // a malformed escape leads nowhere
  }
}

function resourceRoute(catalog: Catalog, group: string, version: string, rest: readonly string[]): Route {
  // namespaces/<name>/<plural>… but for what belongs to the namespace itself
  const [first = '', second = '', third] = rest;
  if (!catalog.hasVersion(group, version)) return { kind: 'nothing', known: catalog.hasGroup(group) };
  if (first === 'namespaces' && third !== undefined) {
    const namespaces = catalog.find('', 'v1', 'namespaces');
    const own = group === '' && rest.length === 3 && namespaces?.subresources.has(third) === true;
    if (!own) return target(catalog.find(group, version, third), second, rest.slice(3));
  }
  return target(catalog.find(group, version, first), undefined, rest.slice(1));
}

function target(
  resource: Resource | undefined,
  namespace: string | undefined,
  rest: readonly string[],
): Route {
  if (resource === undefined || rest.length > 2) return { kind: 'nothing', known: true };
  if (namespace !== undefined && !resource.namespaced) return { kind: 'nothing', known: true };
  const [name, sub] = rest;
  if (name === undefined) return { kind: 'collection', resource, namespace };
  if (resource.namespaced && namespace === undefined) return { kind: 'nothing', known: true };
  if (sub === undefined) return { kind: 'object', resource, namespace, name };
  const subresource = resource.subresources.get(sub);
  return subresource === undefined
    ? { kind: 'nothing', known: true }
    : { kind: 'subresource', resource, namespace, name, subresource };
}
