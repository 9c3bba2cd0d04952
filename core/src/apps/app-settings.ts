import type { Secret } from '../kube/kinds.ts';
import type { Clock } from '../ports/clock.ts';
import type { Kube } from '../ports/kube.ts';
import { hasCode } from '../kernel/errors.ts';
import { type AppName, type AppObject, ownedBy } from './app-object.ts';
import { type Caches, seen } from './caches.ts';
import { type Area, appLabels, labels } from './labels.ts';
import { appSecretNames } from './names.ts';
import { secretTexts, textToBase64 } from './secret-data.ts';

export interface AppSettingsDeps {
  readonly kube: Kube;
  readonly caches: Pick<Caches, 'secrets'>;
  readonly clock: Clock;
}

/** What users set for an application, beside its App object. */
export interface AppSettings {
  /** Sorted by name. */
  readonly environment: Readonly<Record<string, string>>;
  readonly instances: number;
  readonly configurations: readonly string[];
  readonly services: readonly string[];
}

/** The number of instances when nothing else is said. */
const DEFAULT_INSTANCES = 1;
const SCALING_KEY = 'desired';

/** The settings from their four Secrets; what is missing has its default. */
export function readSettings(secrets: Partial<Record<Area, Secret>>): AppSettings {
  const desired = Number(secretTexts(secrets.scaling)[SCALING_KEY] ?? DEFAULT_INSTANCES);
  return {
    environment: secretTexts(secrets.environment),
    instances: Number.isInteger(desired) && desired >= 0 ? desired : DEFAULT_INSTANCES,
    configurations: Object.keys(secrets.configuration?.data ?? {}).sort(),
    services: Object.keys(secrets.service?.data ?? {}).sort(),
  };
}

type SettingsArea = Exclude<Area, 'deployment'>;

const NAME_OF: Readonly<Record<SettingsArea, keyof ReturnType<typeof appSecretNames>>> = {
  environment: 'environment',
  configuration: 'configurations',
  service: 'services',
  scaling: 'scaling',
};

/** Writes an application's settings. Each write is atomic; the Secret is made when it is not there. */
export class SettingsWriter {
  readonly #deps: AppSettingsDeps;

  constructor(deps: AppSettingsDeps) {
    this.#deps = deps;
  }

  /** From memory, for the one application. */
  get(app: AppName): AppSettings {
    const names = appSecretNames(app.name);
    const of = (name: string): Partial<Record<Area, Secret>>[Area] =>
      this.#deps.caches.secrets.get(app.namespace, name);
    return readSettings(
      definedOnly({
        environment: of(names.environment),
        scaling: of(names.scaling),
        configuration: of(names.configurations),
        service: of(names.services),
      }),
    );
  }

  /** Variables with an undefined value are removed. With `replace`, all others too. */
  async setEnvironment(
    app: AppObject,
    change: Readonly<Record<string, string | undefined>>,
    options: { readonly replace?: boolean; readonly signal?: AbortSignal } = {},
  ): Promise<void> {
    const values = Object.entries(change).map(([name, value]): [string, string | null] => [
      name,
      value === undefined ? null : textToBase64(value),
    ]);
    const removed = options.replace === true ? await this.#removals(app, 'environment', options.signal) : {};
    await this.#write(app, 'environment', { ...removed, ...Object.fromEntries(values) }, options.signal);
  }

  /** Makes these the bound configurations, and no others. */
  async setConfigurations(app: AppObject, names: readonly string[], signal?: AbortSignal): Promise<void> {
    const removed = await this.#removals(app, 'configuration', signal);
    const bound = Object.fromEntries(names.map((name) => [name, '']));
    await this.#write(app, 'configuration', { ...removed, ...bound }, signal);
  }

  /** A patch that takes away all that is there. */
  async #removals(
    app: AppObject,
    area: SettingsArea,
    signal: AbortSignal | undefined,
  ): Promise<Record<string, string | null>> {
    const present = await this.#deps.kube.get<Secret>(this.#ref(app, area), signal);
    return Object.fromEntries(Object.keys(present?.data ?? {}).map((key) => [key, null]));
  }

  async setInstances(app: AppObject, instances: number, signal?: AbortSignal): Promise<void> {
    await this.#write(app, 'scaling', { [SCALING_KEY]: textToBase64(String(instances)) }, signal);
  }

  #ref(app: AppObject, area: SettingsArea) {
    const { namespace = '', name } = app.metadata;
    return { apiVersion: 'v1', kind: 'Secret', namespace, name: appSecretNames(name)[NAME_OF[area]] };
  }

  async #write(
    app: AppObject,
    area: SettingsArea,
    data: Readonly<Record<string, string | null>>,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const { kube, caches, clock } = this.#deps;
    const ref = this.#ref(app, area);
    const options = signal === undefined ? {} : { signal };
    let written: Secret;
    try {
      written = await kube.patch<Secret>(ref, { type: 'merge', patch: { data } }, options);
    } catch (error) {
      if (!hasCode(error, 'KUBE_NOT_FOUND')) throw error;
      const { namespace, name } = ref;
      const values = Object.fromEntries(Object.entries(data).filter((entry) => entry[1] !== null));
      const secret = {
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: {
          name,
          namespace,
          labels: { ...appLabels({ namespace, name: app.metadata.name }), [labels.area]: area },
          ownerReferences: [ownedBy(app)],
        },
        type: 'Opaque',
        data: values as Record<string, string>,
      } satisfies Secret;
      try {
        written = await kube.create<Secret>(secret, signal);
      } catch (race) {
        // Somebody made it just now: then it can be patched.
        if (!hasCode(race, 'KUBE_ALREADY_EXISTS')) throw race;
        written = await kube.patch<Secret>(ref, { type: 'merge', patch: { data } }, options);
      }
    }
    await seen(caches.secrets, written, clock);
  }
}

function definedOnly(secrets: Readonly<Record<string, Secret | undefined>>): Partial<Record<Area, Secret>> {
  return Object.fromEntries(Object.entries(secrets).filter(([, secret]) => secret !== undefined));
}
