import { createHash } from 'node:crypto';
import { copy, isObject, objectsAt, stringAt, type JsonObject } from '../json.ts';
import type { Catalog } from '../registry/catalog.ts';
import type { Resource } from '../registry/resource.ts';
import { builtinSchema } from '../schema/builtin.ts';
import type { ScalarType, Schema, StructSchema } from '../schema/schema.ts';
import type { Store } from '../storage/store.ts';
import { versionsOf } from './discovery.ts';

const DEFINITIONS = 'apiextensions.k8s.io/customresourcedefinitions';
const REFERENCE = '#/components/schemas/';

/** One document as JSON, and what tells it from its earlier versions. */
export interface OpenApiDocument {
  readonly text: string;
  readonly hash: string;
}

/** OpenAPI v3 of the API: one document for each group and version, made on demand. Types without prose. */
export class OpenApi {
  readonly #catalog: Catalog;
  readonly #store: Store;
  readonly #made = new Map<string, OpenApiDocument>();
  #version = -1;

  constructor(catalog: Catalog, store: Store) {
    this.#catalog = catalog;
    this.#store = store;
  }

  /** /openapi/v3: where the documents are. */
  index(): string {
    const paths = this.#groupVersions().map(
      (path) =>
        [
          path,
          { serverRelativeURL: `/openapi/v3/${path}?hash=${this.#document(path)?.hash ?? ''}` },
        ] as const,
    );
    return JSON.stringify({ paths: Object.fromEntries(paths) });
  }

  /** /openapi/v3/<path>: "api/v1", "apis/apps/v1". */
  document(path: string): OpenApiDocument | undefined {
    return this.#document(path);
  }

  #groupVersions(): readonly string[] {
    const byGroup = new Map<string, Resource[]>();
    for (const resource of this.#catalog.all())
      byGroup.set(resource.group, [...(byGroup.get(resource.group) ?? []), resource]);
    return [...byGroup].flatMap(([group, resources]) =>
      versionsOf(resources).map((version) => (group === '' ? `api/${version}` : `apis/${group}/${version}`)),
    );
  }

  #document(path: string): OpenApiDocument | undefined {
    if (this.#version !== this.#catalog.version) {
      this.#made.clear();
      this.#version = this.#catalog.version;
    }
    const known = this.#made.get(path);
    if (known !== undefined) return known;
    const resources = this.#catalog
      .all()
      .filter(
        ({ group, version }) => (group === '' ? `api/${version}` : `apis/${group}/${version}`) === path,
      );
    if (resources.length === 0) return undefined;
    const text = JSON.stringify(documentOf(path, resources, (resource) => this.#customSchema(resource)));
    const made = { text, hash: createHash('sha256').update(text).digest('hex').slice(0, 32).toUpperCase() };
    this.#made.set(path, made);
    return made;
  }

  /** The schema as the definition has it, descriptions included. */
  #customSchema({ custom, version }: Resource): JsonObject | undefined {
    const definition = this.#store.collection(DEFINITIONS).get(custom?.definition ?? '')?.object;
    const found = objectsAt(definition, 'spec', 'versions').find(({ name }) => name === version);
    const schema = isObject(found?.['schema']) ? found['schema']['openAPIV3Schema'] : undefined;
    return isObject(schema) ? copy(schema) : undefined;
  }
}

function documentOf(
  path: string,
  resources: readonly Resource[],
  customSchema: (resource: Resource) => JsonObject | undefined,
): object {
  const schemas: Record<string, JsonObject> = {};
  const paths: Record<string, object> = {};
  for (const resource of resources) {
    const name = schemaName(resource);
    if (resource.custom === undefined) addType(schemas, name, resource.schema);
    else schemas[name] = customDocument(schemas, customSchema(resource));
    const own = schemas[name] ?? {};
    const gvk = { group: resource.group, version: resource.version, kind: resource.kind };
    own['x-kubernetes-group-version-kind'] = [gvk];
    const collection = `/${path}${resource.namespaced ? '/namespaces/{namespace}' : ''}/${resource.plural}`;
    paths[collection] = operations(resource, gvk, name, [
      ['list', 'get'],
      ['create', 'post'],
      ['deletecollection', 'delete'],
    ]);
    paths[`${collection}/{name}`] = operations(resource, gvk, name, [
      ['get', 'get'],
      ['update', 'put'],
      ['patch', 'patch'],
      ['delete', 'delete'],
    ]);
  }
  return {
    openapi: '3.0.0',
    info: { title: 'Kubernetes', version: 'v1.35.0' },
    paths,
    components: { schemas },
  };
}

const WRITES = new Set(['create', 'update', 'patch']);

function operations(
  resource: Resource,
  gvk: object,
  schema: string,
  verbs: readonly (readonly [string, string])[],
): object {
  const parameters = ['dryRun', 'fieldManager', 'fieldValidation'].map((name) => ({
    name,
    in: 'query',
    schema: { type: 'string', uniqueItems: true },
  }));
  const entries = verbs
    .filter(([verb]) => resource.verbs.includes(verb))
    .map(([verb, method]) => [
      method,
      {
        operationId: `${verb}${resource.kind}`,
        ...(WRITES.has(verb) ? { parameters } : {}),
        responses: {
          '200': {
            description: 'OK',
            content: { 'application/json': { schema: { $ref: REFERENCE + schema } } },
          },
        },
        'x-kubernetes-action': method,
        'x-kubernetes-group-version-kind': gvk,
      },
    ]);
  return Object.fromEntries(entries) as object;
}

/** "io.k8s.api.apps.v1.Deployment"; custom ones turn their group round: "io.example.v1.App". */
function schemaName({ group, version, kind, custom }: Resource): string {
  if (custom !== undefined) return `${group.split('.').reverse().join('.')}.${version}.${kind}`;
  if (group === 'apiextensions.k8s.io')
    return `io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.${version}.${kind}`;
  return `io.k8s.api.${group === '' ? 'core' : (group.split('.')[0] ?? '')}.${version}.${kind}`;
}

function addType(schemas: Record<string, JsonObject>, name: string, schema: StructSchema): void {
  if (schemas[name] !== undefined) return;
  const document: JsonObject = { type: 'object' };
  schemas[name] = document;
  document['properties'] = Object.fromEntries(
    Object.entries(schema.fields).map(([field, type]) => [field, typeDocument(schemas, type)]),
  );
  if (schema.required.length > 0) document['required'] = schema.required;
  if (schema.atomic) document['x-kubernetes-map-type'] = 'atomic';
}

function typeDocument(schemas: Record<string, JsonObject>, schema: Schema): JsonObject {
  const common: JsonObject = {
    ...(schema.default === undefined ? {} : { default: schema.default }),
    ...(schema.patch === undefined ? {} : { 'x-kubernetes-patch-strategy': schema.patch.join(',') }),
  };
  switch (schema.kind) {
    case 'struct': {
      const name = `io.k8s.${schema.name}`;
      addType(schemas, name, schema);
      return { allOf: [{ $ref: REFERENCE + name }], ...common };
    }
    case 'map':
      return {
        type: 'object',
        additionalProperties: typeDocument(schemas, schema.values),
        ...(schema.atomic ? { 'x-kubernetes-map-type': 'atomic' } : {}),
        ...common,
      };
    case 'list':
      return {
        type: 'array',
        items: typeDocument(schemas, schema.items),
        'x-kubernetes-list-type': schema.listType,
        ...(schema.mapKeys.length === 0 ? {} : { 'x-kubernetes-list-map-keys': schema.mapKeys }),
        ...(schema.mergeKey === undefined ? {} : { 'x-kubernetes-patch-merge-key': schema.mergeKey }),
        ...common,
      };
    case 'scalar': {
      const name = NAMED[schema.type];
      if (name === undefined) return { ...SCALARS[schema.type], ...common };
      schemas[name] ??= SCALARS[schema.type];
      return { allOf: [{ $ref: REFERENCE + name }], ...common };
    }
  }
}

/** Scalars that have a name of their own: it is what `kubectl explain` calls their type. */
const NAMED: Partial<Record<ScalarType, string>> = {
  time: 'io.k8s.apimachinery.pkg.apis.meta.v1.Time',
  microtime: 'io.k8s.apimachinery.pkg.apis.meta.v1.MicroTime',
  quantity: 'io.k8s.apimachinery.pkg.api.resource.Quantity',
  'int-or-string': 'io.k8s.apimachinery.pkg.util.intstr.IntOrString',
};

const SCALARS: Readonly<Record<ScalarType, JsonObject>> = {
  string: { type: 'string' },
  boolean: { type: 'boolean' },
  int32: { type: 'integer', format: 'int32' },
  int64: { type: 'integer', format: 'int64' },
  double: { type: 'number', format: 'double' },
  bytes: { type: 'string', format: 'byte' },
  time: { type: 'string', format: 'date-time' },
  microtime: { type: 'string', format: 'date-time' },
  quantity: { oneOf: [{ type: 'string' }, { type: 'number' }] },
  'int-or-string': { oneOf: [{ type: 'integer' }, { type: 'string' }], format: 'int-or-string' },
  any: {},
};

function customDocument(schemas: Record<string, JsonObject>, schema: JsonObject | undefined): JsonObject {
  const metadata = 'io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta';
  addType(schemas, metadata, builtinSchema('meta.v1.ObjectMeta'));
  const own = schema ?? { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
  own['properties'] = {
    apiVersion: { type: 'string' },
    kind: { type: 'string' },
    ...(isObject(own['properties']) ? own['properties'] : {}),
    metadata: {
      allOf: [{ $ref: REFERENCE + metadata }],
      description: stringAt(own, 'properties', 'metadata', 'description') ?? '',
    },
  };
  return own;
}
