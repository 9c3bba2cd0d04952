import { labels } from '../apps/labels.ts';
import { badRequest } from '../apps/published-errors.ts';
import type { EpinioError } from '../kernel/errors.ts';
import type { IngressObject } from '../kube/kinds.ts';
import { routeText } from './route.ts';

interface AppName {
  readonly namespace: string;
  readonly name: string;
}

/** Routes that somebody holds already. */
export interface RouteClaim {
  readonly routes: readonly string[];
  readonly namespace: string;
  /** Who holds them, as far as labels say. */
  readonly app?: string;
  /** False for objects that merely bear an application's name. */
  readonly isApplication: boolean;
  /** The object that says so, for the message. */
  readonly object: string;
}

/** What an Ingress object takes, whoever made it. Rules without a host or paths take nothing of ours. */
export function ingressClaim({ metadata, spec }: IngressObject): RouteClaim {
  const routes = (spec?.rules ?? []).flatMap(({ host, http }) =>
    host === undefined ? [] : (http?.paths ?? []).map(({ path = '/' }) => routeText({ host, path })),
  );
  const app = metadata.labels?.[labels.name];
  return {
    routes,
    namespace: metadata.namespace ?? '',
    ...(app === undefined ? {} : { app }),
    isApplication: metadata.labels?.[labels.component] === 'application',
    object: metadata.name,
  };
}

function hostOf(route: string): string {
  return route.split('/', 1)[0] ?? route;
}

/**
 * The routes that `app` wants and may not have, each as the published error; empty when there is none. A route is
 * taken when another application holds the same host and path, or when anything in another namespace holds the
 * host at all: else one team's path could shadow a part of another's application, or of the API.
 */
export function routeClashes(
  app: AppName,
  wanted: readonly string[],
  claims: Iterable<RouteClaim>,
): EpinioError[] {
  const hosts = new Map<string, string[]>();
  for (const route of wanted) hosts.set(hostOf(route), [...(hosts.get(hostOf(route)) ?? []), route]);
  const clashes = new Map<string, EpinioError>();
  for (const claim of claims) {
    const isOwn = claim.isApplication && claim.app === app.name && claim.namespace === app.namespace;
    if (isOwn) continue;
    for (const held of claim.routes) {
      for (const route of hosts.get(hostOf(held)) ?? []) {
        if (clashes.has(route)) continue;
        if (route === held || claim.namespace !== app.namespace) clashes.set(route, clash(app, route, claim));
      }
    }
  }
  return [...clashes.values()];
}

function clash(app: AppName, route: string, claim: RouteClaim): EpinioError {
  if (claim.app === undefined) {
    return badRequest('ROUTE_TAKEN', 'route is already owned by an unknown app', {
      details: [`app: [${app.name}], namespace: [${app.namespace}], ingress: [${claim.object}]`],
    });
  }
  return badRequest('ROUTE_TAKEN', `route '${route}' already exists`, {
    details: [`route is already owned by app [${claim.app}] in namespace [${claim.namespace}]`],
  });
}
