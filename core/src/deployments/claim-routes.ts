import type { AppName } from '../apps/app-object.ts';
import type { Caches } from '../apps/caches.ts';
import { labels } from '../apps/labels.ts';
import type { EpinioError } from '../kernel/errors.ts';
import { ingressClaim, type RouteClaim, routeClashes } from '../routes/clashes.ts';
import { readState } from './app-state.ts';

/** Everybody's routes: what the cluster publishes, and what applications are about to. */
export function* routeClaims(caches: Pick<Caches, 'ingresses' | 'secrets'>): Generator<RouteClaim> {
  for (const ingress of caches.ingresses.list()) yield ingressClaim(ingress);
  for (const secret of caches.secrets.list()) {
    if (secret.metadata.labels?.[labels.area] !== 'deployment') continue;
    const { workload } = readState(secret);
    const app = secret.metadata.labels[labels.name];
    if (workload === undefined || app === undefined) continue;
    const { namespace = '', name } = secret.metadata;
    yield { routes: workload.routes, namespace, app, isApplication: true, object: name };
  }
}

/** What speaks against an application having these routes; empty when nothing does. */
export function routeProblems(
  caches: Pick<Caches, 'ingresses' | 'secrets'>,
  app: AppName,
  routes: readonly string[],
): EpinioError[] {
  return routes.length === 0 ? [] : routeClashes(app, routes, routeClaims(caches));
}
