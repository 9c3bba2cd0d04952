import { type AppName, type AppObject, appObjectRef } from '../apps/app-object.ts';
import { labels } from '../apps/labels.ts';
import { notFound } from '../apps/published-errors.ts';
import type { KubeObject } from '../kernel/component.ts';
import { EpinioError } from '../kernel/errors.ts';
import type { Deployment, Secret } from '../kube/kinds.ts';
import type { ObjectRef } from '../ports/kube.ts';
import { normalRoutes } from '../routes/route.ts';
import { routeObjects } from '../routes/route-objects.ts';
import type { AppState } from './app-state.ts';
import type { DeploymentDeps } from './deps.ts';
import { pullReference } from './images.ts';
import type { DeploymentRecord } from './record.ts';
import { deploymentObject, SERVICE_PORT, serviceObject } from './workload-objects.ts';

/** What a deployment will make of an application, worked out before anything is touched. */
export interface ReleasePlan {
  readonly app: AppObject;
  /** As the API shows it. */
  readonly image: string;
  readonly stageId: string | undefined;
  readonly user: string;
  readonly start: string | undefined;
  readonly routes: readonly string[];
  readonly deployment: Deployment;
  /** Everything else, certificates first, since they take longest. */
  readonly others: readonly KubeObject[];
  /** All of the above, and the Secrets that come into being through them. */
  readonly refs: readonly ObjectRef[];
  /** Secrets that will hold the certificates of the routes, by route. */
  readonly certificates: ReadonlyMap<string, string>;
}

/** Fails with the published errors when the application is gone, has no image or a bad route. */
export async function planRelease(
  deps: DeploymentDeps,
  app: AppName,
  record: DeploymentRecord,
  state: AppState,
  signal: AbortSignal,
): Promise<ReleasePlan> {
  const [object, routing] = await Promise.all([
    deps.kube.get<AppObject>(appObjectRef(app), signal),
    deps.kube.list<Secret>(
      { apiVersion: 'v1', kind: 'Secret', namespace: app.namespace },
      { labelSelector: labels.routing, signal },
    ),
  ]);
  if (object === undefined) throw notFound('application', app.name);
  const image = record.image ?? state.workload?.image ?? object.spec.imageurl ?? '';
  if (image === '') {
    throw new EpinioError('IMAGE_MISSING', 'cannot deploy app without imageURL', {
      status: 500,
      details: [`application '${app.name}' has not been built yet`],
      fix: 'Push the application',
    });
  }
  const settings = deps.appSettings.get(app);
  const { stageId, user } = versionOf(record, state, image);
  const start = startMarker(deps, record, state);
  const deployment = deploymentObject({
    app: object,
    settings,
    image: await pullReference(deps.registry, app, image),
    ...(stageId === undefined ? {} : { stageId }),
    user,
    ...(start === undefined ? {} : { start }),
    progressDeadlineSeconds: Math.max(1, Math.round(deps.timeouts.deploymentMs / 1000)),
    configurations: settings.configurations
      .map((name) => deps.caches.configurations.get(app.namespace, name))
      .filter((secret) => secret !== undefined),
  });
  const routes = normalRoutes(object.spec.routes ?? []);
  const service = { name: deployment.metadata.name, port: SERVICE_PORT };
  const published = routes.map((route) =>
    routeObjects({ ...deps, issuer: deps.settings.tlsIssuer }, object, route, service, routing.items),
  );
  const others = [...published.flatMap(({ objects }) => objects), serviceObject(object)];
  const own = published.filter(({ isOwnCertificate }) => isOwnCertificate);
  const secrets = own.map(({ tlsSecret: name }): ObjectRef => ({
    apiVersion: 'v1',
    kind: 'Secret',
    namespace: app.namespace,
    name,
  }));
  return {
    app: object,
    image,
    stageId,
    user,
    start,
    routes,
    deployment,
    others,
    refs: [...[deployment, ...others].map(refOf), ...secrets],
    certificates: new Map(own.map(({ route, tlsSecret }) => [route, tlsSecret])),
  };
}

/** A change of settings keeps the version as it is, and with it who deployed it: else every change would be a restart. */
function versionOf(
  record: DeploymentRecord,
  { workload, built }: AppState,
  image: string,
): { stageId: string | undefined; user: string } {
  if (record.stageId !== undefined) {
    return {
      stageId: record.stageId,
      user: record.reused === true ? (workload?.user ?? record.user) : record.user,
    };
  }
  const isSame = workload?.image === image;
  const stageId = isSame ? workload.stageId : built?.image === image ? built.stageId : undefined;
  const isNewVersion = record.restart === true || !isSame;
  return { stageId, user: isNewVersion ? record.user : (workload.user ?? record.user) };
}

function startMarker(
  { clock }: DeploymentDeps,
  record: DeploymentRecord,
  { workload }: AppState,
): string | undefined {
  // From the record, not from the clock: a deployment that is taken up again must not start everything twice.
  if (record.restart === true) return `${Date.parse(record.startedAt) || clock.now()}-${record.id}`;
  return workload?.start;
}

export function refOf({ apiVersion, kind, metadata: { namespace, name } }: KubeObject): ObjectRef {
  return { apiVersion, kind, name, ...(namespace === undefined ? {} : { namespace }) };
}

export function refKey({ apiVersion, kind, namespace = '', name }: ObjectRef): string {
  return `${apiVersion}/${kind}/${namespace}/${name}`;
}

/** The objects of the first list that are not in the second. */
export function withoutRefs(refs: readonly ObjectRef[], others: readonly ObjectRef[]): readonly ObjectRef[] {
  const known = new Set(others.map(refKey));
  return refs.filter((ref) => !known.has(refKey(ref)));
}
