import type { Log } from '@epinio/core';
import { CLEANUP, isEstablished } from '../kinds/custom/definition.ts';
import { customSchema } from '../kinds/custom/structural-schema.ts';
import { validateValue } from '../kinds/custom/validate-value.ts';
import { isObject, objectAt, objectsAt, stringAt, without, type JsonObject } from '../json.ts';
import type { ApiObject } from '../storage/api-object.ts';
import type { Registry } from './registry.ts';
import type { Request } from './request.ts';
import type { Column, CustomKind, KindRules, Resource, Subresource } from './resource.ts';
import { Watcher } from './watcher.ts';

const VERBS = ['delete', 'deletecollection', 'get', 'list', 'patch', 'create', 'update', 'watch'];
const AGE: Column = {
  name: 'Age',
  type: 'date',
  format: '',
  priority: 0,
  jsonPath: '.metadata.creationTimestamp',
};
/** How long a definition that is being deleted waits before it looks again whether its objects are gone. */
const CLEANUP_INTERVAL_MS = 200;

/**
 * Serves what CustomResourceDefinitions declare, from the moment their write is answered, and empties those that
 * are being deleted.
 */
export class CustomResources {
  readonly #registry: Registry;
  readonly #request: Request;
  readonly #log: Log;
  readonly #definitions: Resource;
  readonly #stop: () => void;
  readonly #timers = new Map<string, NodeJS.Timeout>();
  #closed = false;

  constructor(registry: Registry, request: Request, log: Log) {
    this.#registry = registry;
    this.#request = request;
    this.#log = log;
    const definitions = registry.catalog.findKind('apiextensions.k8s.io/v1', 'CustomResourceDefinition');
    if (definitions === undefined) throw new Error('the catalog has no CustomResourceDefinitions');
    this.#definitions = definitions;
    const watcher = new Watcher(registry.store, definitions, {});
    const pull = (): void => {
      for (let shown = watcher.next(); shown !== undefined; shown = watcher.next()) {
        this.#serve(
          shown.type === 'DELETED' ? undefined : shown.stored.object,
          shown.stored.object.metadata.name,
        );
      }
    };
    pull();
    this.#stop = watcher.onChange(pull);
  }

  close(): void {
    this.#closed = true;
    this.#stop();
    for (const timer of this.#timers.values()) clearTimeout(timer);
  }

  #serve(definition: ApiObject | undefined, name: string): void {
    const served = definition !== undefined && isEstablished(definition) ? customResources(definition) : [];
    this.#registry.catalog.setCustom(name, served);
    if (definition?.metadata.deletionTimestamp !== undefined) this.#later(name, 0);
  }

  #later(name: string, ms: number): void {
    if (this.#closed || this.#timers.has(name)) return;
    const run = (): void => {
      this.#timers.delete(name);
      this.#empty(name).catch((error: unknown) => {
        this.#log.warn('a CustomResourceDefinition could not be emptied', {
          definition: name,
          error: String(error),
        });
        this.#later(name, CLEANUP_INTERVAL_MS * 10);
      });
    };
    this.#timers.set(name, setTimeout(run, ms));
  }

  /** Deletes the objects of a definition, then lets it go; objects that wait for finalizers hold it. */
  async #empty(name: string): Promise<void> {
    const found = this.#registry.store.collection(this.#definitions.collection).get(name)?.object;
    if (
      found?.metadata.deletionTimestamp === undefined ||
      found.metadata.finalizers?.includes(CLEANUP) !== true
    )
      return;
    const [resource] = customResources(found);
    if (resource !== undefined) {
      const { items } = this.#registry.list(resource, {});
      const waiting = items.filter(({ object }) => object.metadata.deletionTimestamp === undefined);
      await Promise.all(
        waiting.map(({ object: { metadata } }) =>
          this.#registry.delete(resource, metadata.namespace, metadata.name, {}, this.#request),
        ),
      );
      if (this.#registry.store.newestOf(resource.collection).length > 0) {
        this.#later(name, CLEANUP_INTERVAL_MS);
        return;
      }
    }
    await this.#registry.mutate(
      { resource: this.#definitions, namespace: undefined, name },
      this.#request,
      ({ metadata }) => {
        metadata.finalizers = (metadata.finalizers ?? []).filter((finalizer) => finalizer !== CLEANUP);
      },
    );
  }
}

/** One resource for each served version. */
export function customResources(definition: ApiObject): readonly Resource[] {
  const group = stringAt(definition, 'spec', 'group') ?? '';
  const names = objectAt(definition, 'spec', 'names');
  const versions = objectsAt(definition, 'spec', 'versions');
  const storedAs = `${group}/${
    stringAt(
      versions.find(({ storage }) => storage === true),
      'name',
    ) ?? ''
  }`;
  const plural = stringAt(names, 'plural') ?? '';
  return versions
    .filter(({ served }) => served === true)
    .map((version) => {
      const name = stringAt(version, 'name') ?? '';
      const openApi = objectAt(version, 'schema')['openAPIV3Schema'];
      const schema = isObject(openApi) ? openApi : undefined;
      const kind = stringAt(names, 'kind') ?? '';
      return {
        group,
        version: name,
        apiVersion: `${group}/${name}`,
        plural,
        singular: stringAt(names, 'singular') ?? kind.toLowerCase(),
        kind,
        listKind: stringAt(names, 'listKind') ?? `${kind}List`,
        namespaced: stringAt(definition, 'spec', 'scope') === 'Namespaced',
        verbs: VERBS,
        shortNames: strings(names['shortNames']),
        categories: strings(names['categories']),
        columns: columnsOf(version),
        subresources: subresourcesOf(version, group, name, kind),
        schema: customSchema(schema),
        rules: customRules(schema),
        collection: `${group}/${plural}`,
        storedAs,
        custom: customKind(definition, version),
      };
    });
}

function customRules(schema: JsonObject | undefined): KindRules {
  return {
    generations: true,
    validate: (object) => {
      if (schema === undefined) return [];
      const own = without(object, 'metadata');
      return validateValue(
        schema,
        { ...own, ...('metadata' in objectAt(schema, 'properties') ? { metadata: object.metadata } : {}) },
        '',
      );
    },
  };
}

function customKind(definition: ApiObject, version: JsonObject): CustomKind {
  const scale = objectAt(version, 'subresources')['scale'];
  return {
    definition: definition.metadata.name,
    ...(isObject(scale) ? { scale: scalePaths(scale) } : {}),
    ...(version['deprecated'] === true
      ? { deprecationWarning: deprecationWarning(definition, version) }
      : {}),
    selectableFields: selectableFields(version),
  };
}

function deprecationWarning(definition: ApiObject, version: JsonObject): string {
  const group = stringAt(definition, 'spec', 'group') ?? '';
  const kind = stringAt(definition, 'spec', 'names', 'kind') ?? '';
  const own = stringAt(version, 'deprecationWarning');
  return own ?? `${group}/${stringAt(version, 'name') ?? ''} ${kind} is deprecated`;
}

/** `spec.size` by its name, for selectors. */
function selectableFields(version: JsonObject): NonNullable<CustomKind['selectableFields']> {
  const paths = objectsAt(version, 'selectableFields').map(({ jsonPath }) =>
    String(jsonPath).replace(/^\./, ''),
  );
  return Object.fromEntries(paths.map((path) => [path, path.split('.')]));
}

function scalePaths(scale: JsonObject): NonNullable<CustomKind['scale']> {
  const path = (name: string): readonly string[] =>
    (stringAt(scale, name) ?? '').split('.').filter((part) => part !== '');
  const selector = path('labelSelectorPath');
  return {
    replicas: path('specReplicasPath'),
    statusReplicas: path('statusReplicasPath'),
    ...(selector.length === 0 ? {} : { selector }),
  };
}

function subresourcesOf(
  version: JsonObject,
  group: string,
  name: string,
  kind: string,
): ReadonlyMap<string, Subresource> {
  const declared = objectAt(version, 'subresources');
  const verbs = ['get', 'patch', 'update'];
  const entries: [string, Subresource][] = [];
  if (isObject(declared['status']))
    entries.push(['status', { name: 'status', group, version: name, kind, verbs }]);
  if (isObject(declared['scale']))
    entries.push(['scale', { name: 'scale', group: 'autoscaling', version: 'v1', kind: 'Scale', verbs }]);
  return new Map(entries);
}

function columnsOf(version: JsonObject): readonly Column[] {
  const own = objectsAt(version, 'additionalPrinterColumns').map((column) => ({
    name: stringAt(column, 'name') ?? '',
    type: stringAt(column, 'type') ?? 'string',
    format: stringAt(column, 'format') ?? '',
    priority: typeof column['priority'] === 'number' ? column['priority'] : 0,
    description: stringAt(column, 'description') ?? '',
    jsonPath: stringAt(column, 'jsonPath') ?? '',
  }));
  return [{ name: 'Name', type: 'string', format: 'name', priority: 0 }, ...(own.length === 0 ? [AGE] : own)];
}

function strings(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.map(String) : [];
}
