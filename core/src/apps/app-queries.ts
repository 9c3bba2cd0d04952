import type { Ingress } from '../contracts/ingress.ts';
import { readState, stateSecretName } from '../deployments/app-state.ts';
import type { Secret } from '../kube/kinds.ts';
import type { Pod } from '../kube/pod-kinds.ts';
import type { App, EnvironmentGroups } from '../models/app.ts';
import type { AppName, AppObject } from './app-object.ts';
import { shownApp } from './app-view.ts';
import type { Caches } from './caches.ts';
import { type Area, labels } from './labels.ts';
import { templateName } from './names.ts';
import { notFound } from './published-errors.ts';
import { secretTexts } from './secret-data.ts';

export interface AppQueriesDeps {
  readonly caches: Caches;
  readonly ingress: Pick<Ingress, 'address'>;
}

type SecretsByArea = Partial<Record<Area, Secret>>;

/** Reads applications, all from memory: a list is one pass, whatever its length. */
export class AppQueries {
  readonly #deps: AppQueriesDeps;

  constructor(deps: AppQueriesDeps) {
    this.#deps = deps;
  }

  /** The App objects, by namespace and name; those that are being deleted are not there any more. */
  objects(namespace?: string): readonly AppObject[] {
    return this.#deps.caches.apps
      .list(namespace)
      .filter(({ metadata }) => metadata.deletionTimestamp === undefined)
      .sort(
        (a, b) =>
          compare(a.metadata.namespace, b.metadata.namespace) || compare(a.metadata.name, b.metadata.name),
      );
  }

  /** Fails with the published 404. */
  object(app: AppName): AppObject {
    const found = this.find(app);
    if (found === undefined) throw notFound('application', app.name);
    return found;
  }

  find({ namespace, name }: AppName): AppObject | undefined {
    const found = this.#deps.caches.apps.get(namespace, name);
    return found?.metadata.deletionTimestamp === undefined ? found : undefined;
  }

  /** The applications of a namespace, or all; `chosen` keeps what a page shows from being more than it shows. */
  async list(chosen: readonly AppObject[], namespace?: string, signal?: AbortSignal): Promise<App[]> {
    const address = await this.#deps.ingress.address(signal);
    const { caches } = this.#deps;
    const secrets = new Map<string, SecretsByArea>();
    for (const secret of caches.secrets.list(namespace)) {
      const area = secret.metadata.labels?.[labels.area] as Area | undefined;
      if (area === undefined) continue;
      const key = keyOf(secret.metadata.namespace, secret.metadata.labels?.[labels.name]);
      const group = secrets.get(key);
      if (group === undefined) secrets.set(key, { [area]: secret });
      else group[area] = secret;
    }
    const pods = groupByApp(caches.pods.list(namespace));
    const deployments = groupByApp(caches.deployments.list(namespace));
    return chosen.map((app) => {
      const key = keyOf(app.metadata.namespace, app.metadata.name);
      const own = secrets.get(key) ?? {};
      const state = readState(own.deployment);
      const deployment = deployments.get(key)?.[0];
      return shownApp({ app, secrets: own, pods: pods.get(key) ?? [], deployment, state }, address);
    });
  }

  /** One application, with what its configurations give it. Fails with the published 404. */
  async show(name: AppName, signal?: AbortSignal): Promise<App> {
    const [app] = await this.list([this.object(name)], name.namespace, signal);
    if (app === undefined) throw notFound('application', name.name);
    const { environment, configurations } = app.configuration;
    const environment_grouped = this.groupedEnvironment(name, environment, configurations);
    return { ...app, configuration: { ...app.configuration, environment_grouped } };
  }

  /** Variables by where they come from; those of configurations as `<configuration>/<key>`. */
  groupedEnvironment(
    { namespace }: AppName,
    user: Readonly<Record<string, string>>,
    configurations: readonly string[],
  ): EnvironmentGroups {
    const service: Record<string, string> = {};
    for (const name of configurations) {
      const secret = this.#deps.caches.configurations.get(namespace, name);
      for (const [key, value] of Object.entries(secretTexts(secret))) service[`${name}/${key}`] = value;
    }
    return { user: { ...user }, service };
  }

  /** What runs, as far as memory knows. */
  workload({ namespace, name }: AppName) {
    return this.#deps.caches.deployments.get(namespace, templateName(name));
  }

  pods({ namespace, name }: AppName): readonly Pod[] {
    return this.#deps.caches.pods
      .list(namespace)
      .filter(
        ({ metadata }) => metadata.labels?.[labels.name] === name && metadata.deletionTimestamp === undefined,
      );
  }

  state({ namespace, name }: AppName) {
    return readState(this.#deps.caches.secrets.get(namespace, stateSecretName(name)));
  }
}

function groupByApp<T extends { metadata: Pod['metadata'] }>(objects: readonly T[]): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const object of objects) {
    const key = keyOf(object.metadata.namespace, object.metadata.labels?.[labels.name]);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [object]);
    else group.push(object);
  }
  return groups;
}

function keyOf(namespace = '', name = ''): string {
  return `${namespace}/${name}`;
}

function compare(a = '', b = ''): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
