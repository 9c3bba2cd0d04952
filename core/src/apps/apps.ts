import { routeProblems } from '../deployments/claim-routes.ts';
import type { Deployments } from '../deployments/deployments.ts';
import { isComplete } from '../deployments/rollout.ts';
import { timestamp } from '../deployments/steps.ts';
import { EpinioError, hasCode, messageOf } from '../kernel/errors.ts';
import type { ApplicationCreateRequest, ApplicationUpdateRequest } from '../models/app.ts';
import type { Clock } from '../ports/clock.ts';
import type { Kube } from '../ports/kube.ts';
import type { Log } from '../ports/log.ts';
import type { PlatformSettings } from '../ports/settings.ts';
import { defaultRoute, normalRoutes } from '../routes/route.ts';
import { APP_API_VERSION, type AppName, type AppObject, appObjectRef } from './app-object.ts';
import type { AppQueries } from './app-queries.ts';
import type { SettingsWriter } from './app-settings.ts';
import { type Caches, seen } from './caches.ts';
import { chartSettings, settingProblems, STANDARD_CHART } from './chart-settings.ts';
import { annotations, FIELD_MANAGER } from './labels.ts';
import { checkAppName, checkEnvironmentNames } from './name-rules.ts';
import { alreadyExists, badRequest, notFound, severalProblems } from './published-errors.ts';
import { scalingEvent } from './scaling-event.ts';
import { shownDuration, type Timeouts } from './timeouts.ts';

export interface AppsDeps {
  readonly kube: Kube;
  readonly caches: Caches;
  readonly clock: Clock;
  readonly log: Log;
  readonly settings: PlatformSettings;
  readonly appSettings: SettingsWriter;
  readonly queries: AppQueries;
  readonly deployments: Pick<Deployments, 'redeploy'>;
  readonly timeouts: Timeouts;
}

/** Creates and changes applications. Every change is stored first and deployed then; errors are the published ones. */
export class Apps {
  readonly #deps: AppsDeps;

  constructor(deps: AppsDeps) {
    this.#deps = deps;
  }

  /** Makes an application that does not run yet. */
  async create(
    namespace: string,
    user: string,
    request: ApplicationCreateRequest,
    signal?: AbortSignal,
  ): Promise<void> {
    const { kube, caches, clock, settings, appSettings } = this.#deps;
    const { name } = request;
    const wanted = request.configuration ?? {};
    checkAppName(name);
    const app = { namespace, name };
    if (this.#deps.queries.find(app) !== undefined) throw alreadyExists('application', name);
    this.#checkConfigurations(namespace, wanted.configurations ?? []);
    checkInstances(wanted.instances);
    checkEnvironmentNames(Object.keys(wanted.environment ?? {}));
    const routes = normalRoutes(wanted.routes ?? [defaultRoute(name, settings.domain)]);
    const clashes = routeProblems(caches, app, routes);
    if (clashes.length > 0) throw severalProblems(clashes);
    const chartname = wanted.appchart || STANDARD_CHART;
    checkChart(chartname);
    const object: AppObject = {
      apiVersion: APP_API_VERSION,
      kind: 'App',
      metadata: { name, namespace, annotations: { [annotations.createdBy]: user } },
      spec: { routes, origin: {}, chartname, ...(wanted.settings ? { settings: wanted.settings } : {}) },
    };
    let created: AppObject;
    try {
      created = await kube.create(object, signal);
    } catch (error) {
      if (hasCode(error, 'KUBE_ALREADY_EXISTS')) throw alreadyExists('application', name);
      throw error;
    }
    const instances = wanted.instances ?? 1;
    await Promise.all([
      appSettings.setInstances(created, instances, signal),
      appSettings.setEnvironment(created, wanted.environment ?? {}, signal === undefined ? {} : { signal }),
      appSettings.setConfigurations(created, wanted.configurations ?? [], signal),
    ]);
    await this.#tellScaling(created, 1, instances, user, signal);
    await seen(caches.apps, created, clock);
  }

  /** Stores the changes and, unless told not to, brings what runs up to them. An empty request changes nothing. */
  async update(
    app: AppName,
    user: string,
    request: ApplicationUpdateRequest,
    signal?: AbortSignal,
  ): Promise<void> {
    const { queries, deployments } = this.#deps;
    const object = queries.object(app);
    checkInstances(request.instances);
    const settings = request.settings ?? {};
    const environment = request.environment ?? {};
    const isEmpty =
      request.instances == null &&
      Object.keys(environment).length === 0 &&
      Object.keys(settings).length === 0 &&
      request.configurations == null &&
      request.routes == null &&
      !request.appchart;
    if (isEmpty) return;
    const isRunning = queries.pods(app).length > 0;
    this.#checkUpdate(object, request, isRunning);
    const before = this.#deps.appSettings.get(app).instances;
    await this.#store(object, user, request, signal);
    if (request.restart === false) return;
    const hasImage = (queries.state(app).workload?.image ?? object.spec.imageurl ?? '') !== '';
    const isScaled = request.instances != null && request.instances !== before;
    const isDeployed = queries.state(app).workload?.image !== undefined;
    // Without an image there is nothing to deploy: what was stored counts from the first push on.
    if (hasImage && (isScaled || isDeployed || (request.instances ?? 0) > 0)) {
      await deployments.redeploy(app, user, signal === undefined ? {} : { signal });
    }
  }

  /** Adds variables, or removes those whose value is undefined, and brings what runs up to them. */
  async changeEnvironment(
    app: AppName,
    user: string,
    change: Readonly<Record<string, string | undefined>>,
    signal?: AbortSignal,
  ): Promise<void> {
    const { queries, appSettings, deployments } = this.#deps;
    const object = queries.object(app);
    checkEnvironmentNames(Object.keys(change).filter((name) => change[name] !== undefined));
    const options = signal === undefined ? {} : { signal };
    // A name that cannot be there need not be removed.
    const present = appSettings.get(app).environment;
    const effective = Object.entries(change).filter(
      ([name, value]) => value !== undefined || name in present,
    );
    if (effective.length > 0)
      await appSettings.setEnvironment(object, Object.fromEntries(effective), options);
    if (queries.pods(app).length > 0) await deployments.redeploy(app, user, options);
  }

  /** Starts every instance anew. */
  async restart(app: AppName, user: string, signal?: AbortSignal): Promise<void> {
    this.#deps.queries.object(app);
    if (this.#deps.appSettings.get(app).instances === 0) {
      throw badRequest('APP_WITHOUT_INSTANCES', 'No restart possible for an application with no instances');
    }
    await this.#deps.deployments.redeploy(app, user, {
      restart: true,
      ...(signal === undefined ? {} : { signal }),
    });
  }

  /** Waits until all instances serve. */
  async running(app: AppName, signal?: AbortSignal): Promise<void> {
    const { queries, clock, timeouts } = this.#deps;
    queries.object(app);
    if (queries.pods(app).length === 0) {
      throw badRequest('APP_WITHOUT_WORKLOAD', 'no status available for application without workload');
    }
    const deadline = clock.elapsed() + timeouts.deploymentMs;
    for (;;) {
      const workload = queries.workload(app);
      if (workload !== undefined && isComplete(workload)) return;
      if (clock.elapsed() >= deadline) {
        throw new EpinioError(
          'APP_NOT_READY',
          `application '${app.name}' is not running after ${shownDuration(timeouts.deploymentMs)}`,
          {
            status: 500,
          },
        );
      }
      await clock.sleep(200, signal);
    }
  }

  /** Checks the settings against what the application's chart allows. */
  validateSettings(app: AppName): void {
    const { chartname = STANDARD_CHART, settings = {} } = this.#deps.queries.object(app).spec;
    const problems = settingProblems(settings, checkChart(chartname));
    if (problems.length > 0) throw severalProblems(problems);
  }

  #checkUpdate({ metadata, spec }: AppObject, request: ApplicationUpdateRequest, isRunning: boolean): void {
    const { namespace = '' } = metadata;
    checkEnvironmentNames(Object.keys(request.environment ?? {}));
    this.#checkConfigurations(namespace, request.configurations ?? []);
    if (request.routes != null) normalRoutes(request.routes);
    const { chartname = STANDARD_CHART } = spec;
    const isOtherChart = Boolean(request.appchart) && request.appchart !== chartname;
    if (isOtherChart && isRunning) {
      throw badRequest('APP_CHART_FIXED', 'unable to change app chart of active application');
    }
    if (isOtherChart) checkChartForUpdate(request.appchart ?? '');
    if (isRunning) {
      const problems = settingProblems(request.settings ?? {}, checkChart(chartname));
      if (problems.length > 0) throw severalProblems(problems);
    }
  }

  async #store(
    object: AppObject,
    user: string,
    request: ApplicationUpdateRequest,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const { kube, caches, clock, appSettings } = this.#deps;
    const { name, namespace = '' } = object.metadata;
    const options = signal === undefined ? {} : { signal };
    const hasSettings = Object.keys(request.settings ?? {}).length > 0;
    const changes = [
      ...(request.routes == null
        ? []
        : [{ op: 'add', path: '/spec/routes', value: normalRoutes(request.routes) }]),
      ...(request.appchart ? [{ op: 'add', path: '/spec/chartname', value: request.appchart }] : []),
      ...(hasSettings ? [{ op: 'add', path: '/spec/settings', value: request.settings }] : []),
    ];
    if (changes.length > 0) {
      const written = await kube.patch<AppObject>(
        appObjectRef({ namespace, name }),
        { type: 'json', patch: changes },
        { fieldManager: FIELD_MANAGER, ...options },
      );
      await seen(caches.apps, written, clock);
    }
    if (request.instances != null) {
      const from = appSettings.get({ namespace, name }).instances;
      await appSettings.setInstances(object, request.instances, signal);
      if (from !== request.instances) await this.#tellScaling(object, from, request.instances, user, signal);
    }
    const environment = request.environment ?? {};
    if (Object.keys(environment).length > 0) {
      const replace = request.replace_env === true;
      await appSettings.setEnvironment(object, environment, { replace, ...options });
    }
    if (request.configurations != null)
      await appSettings.setConfigurations(object, request.configurations, signal);
  }

  #checkConfigurations(namespace: string, names: readonly string[]): void {
    const { configurations } = this.#deps.caches;
    const missing = names.filter((name) => configurations.get(namespace, name) === undefined);
    if (missing.length > 0) throw severalProblems(missing.map((name) => notFound('configuration', name)));
  }

  /** For operators; an application is not refused because an Event could not be written. */
  async #tellScaling(
    app: AppObject,
    from: number,
    to: number,
    user: string,
    signal?: AbortSignal,
  ): Promise<void> {
    const { kube, clock, log } = this.#deps;
    const time = timestamp(clock.now());
    try {
      await kube.create(scalingEvent(app, { from, to, user, time }), signal);
    } catch (error) {
      log.warn('A scaling event could not be written', { app: app.metadata.name, error: messageOf(error) });
    }
  }
}

function checkInstances(instances: number | null | undefined): void {
  if (instances != null && instances < 0) {
    throw badRequest('APP_INSTANCES_INVALID', 'instances param should be integer equal or greater than zero');
  }
}

function checkChart(chart: string): NonNullable<ReturnType<typeof chartSettings>> {
  const settings = chartSettings(chart);
  if (settings === undefined) throw notFound('application chart', chart);
  return settings;
}

/** The published update answers 500 here, with the text of the 404. */
function checkChartForUpdate(chart: string): void {
  if (chartSettings(chart) === undefined) {
    const { code, message } = notFound('application chart', chart);
    throw new EpinioError(code, message, { status: 500 });
  }
}
