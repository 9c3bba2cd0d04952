import type { Deployment, Secret } from '../kube/kinds.ts';
import type { Pod } from '../kube/pod-kinds.ts';
import type { App, AppDeployment, PodInfo } from '../models/app.ts';
import type { AppState } from '../deployments/app-state.ts';
import { routeUrl } from '../routes/urls.ts';
import type { AppObject } from './app-object.ts';
import { readSettings } from './app-settings.ts';
import { type Area, annotations, labels } from './labels.ts';
import { shownOrigin } from './origin.ts';

/** Everything in the cluster that an application consists of. */
export interface AppParts {
  readonly app: AppObject;
  readonly secrets: Partial<Record<Area, Secret>>;
  readonly pods: readonly Pod[];
  readonly deployment: Deployment | undefined;
  readonly state: AppState;
}

/** The application as the API shows it. Pure, and without a call: a list of a thousand is a thousand of these. */
export function shownApp(parts: AppParts, address: { readonly httpsPort: number }): App {
  const { app, secrets, state } = parts;
  const { name, namespace = '', creationTimestamp = null } = app.metadata;
  const { spec } = app;
  const { environment, instances, configurations, services } = readSettings(secrets);
  const workload = shownWorkload(parts, instances);
  const builder = spec.builderimage ?? state.built?.builder ?? '';
  const urls = (workload?.routes ?? []).map((route) => routeUrl(route, address));
  const staging = state.staging ?? '';
  return {
    meta: { name, namespace, createdAt: creationTimestamp },
    configuration: {
      instances,
      configurations: [...configurations],
      environment: { ...environment },
      ...(services.length === 0 ? {} : { services: [...services] }),
      routes: [...(spec.routes ?? [])],
      ...(spec.chartname === undefined ? {} : { appchart: spec.chartname }),
      ...(Object.keys(spec.settings ?? {}).length === 0 ? {} : { settings: { ...spec.settings } }),
    },
    origin: shownOrigin(spec.origin),
    ...(workload === undefined ? {} : { deployment: workload }),
    staging: builder === '' ? {} : { builder },
    stagingstatus: staging,
    status: statusOf(state, workload),
    statusmessage: state.failure ?? '',
    ...(spec.stageid === undefined || spec.stageid === '' ? {} : { stage_id: spec.stageid }),
    image_url: spec.imageurl ?? '',
    ...(urls.length === 0 ? {} : { urls }),
  };
}

function statusOf(state: AppState, workload: AppDeployment | undefined): App['status'] {
  if (state.staging === 'active') return 'staging';
  if (workload !== undefined) return 'running';
  return state.failure === undefined ? 'created' : 'error';
}

/** Undefined when no instance is there: never deployed, or scaled to zero. */
function shownWorkload({ pods, deployment, state }: AppParts, instances: number): AppDeployment | undefined {
  const present = pods.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  const [first] = present;
  if (first === undefined) return undefined;
  const name = deployment?.metadata.name ?? first.metadata.labels?.[labels.appContainer] ?? '';
  const times = present.map(({ metadata }) => metadata.creationTimestamp ?? '').filter((time) => time !== '');
  const infos = present.map((pod) => podInfo(pod, name));
  const ready = infos.filter((info) => info.ready).length;
  const createdAt = times.sort()[0];
  const username = first.metadata.annotations?.[annotations.createdBy];
  const stageId = first.metadata.labels?.[labels.stageId] ?? '';
  const routes = state.workload?.routes ?? [];
  return {
    name,
    active: true,
    ...(createdAt === undefined ? {} : { createdAt }),
    desiredreplicas: instances,
    readyreplicas: ready,
    replicas: Object.fromEntries(infos.map((info) => [info.name, info])),
    ...(username === undefined ? {} : { username }),
    ...(stageId === '' ? {} : { stage_id: stageId }),
    status: `${ready}/${instances}`,
    ...(routes.length === 0 ? {} : { routes: [...routes] }),
  };
}

function podInfo({ metadata, status }: Pod, container: string): PodInfo {
  const statuses = (status?.containerStatuses ?? []).filter(({ name }) => name === container);
  return {
    name: metadata.name,
    metricsOk: false,
    memoryBytes: 0,
    millicpus: 0,
    ...(metadata.creationTimestamp === undefined ? {} : { createdAt: metadata.creationTimestamp }),
    restarts: statuses.reduce((sum, { restartCount }) => sum + restartCount, 0),
    ready: isReady(status),
  };
}

/** The pod's own word that it takes requests. */
export function isReady(status: Pod['status']): boolean {
  return (status?.conditions ?? []).some(({ type, status: value }) => type === 'Ready' && value === 'True');
}
