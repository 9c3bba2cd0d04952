import { Authorizer } from '../auth/authorize/authorizer.ts';
import { badRequest, conflict, invalidObject, objectNotFound } from '../status.ts';
import { applyConfiguration } from '../managed-fields/apply.ts';
import { checkApplied } from '../managed-fields/check-applied.ts';
import { applyJsonPatch } from '../patch/json-patch.ts';
import { mergePatch } from '../patch/merge-patch.ts';
import { strategicMergePatch } from '../patch/strategic-merge-patch.ts';
import { DecodeError } from '../schema/decode.ts';
import { goText } from '../schema/go-text.ts';
import { invalid } from '../schema/field-error.ts';
import { timestamp } from '../schema/time.ts';
import { isObject, type JsonObject } from '../json.ts';
import type { ApiObject } from '../storage/api-object.ts';
import type { Store } from '../storage/store.ts';
import type { StoredObject } from '../storage/stored-object.ts';
import type { Catalog } from './catalog.ts';
import { decodeObject, warningLines } from './codec.ts';
import { decideDeletion, type DeleteQuery } from './deletion.ts';
import { inVersion } from './version.ts';
import { awaitNeeded } from './await-needed.ts';
import { getObject, keyOf, listObjects, type Listed, type ListQuery } from './reader.ts';
import { Quotas } from './quotas.ts';
import type { Request } from './request.ts';
import type { Resource } from './resource.ts';
import { Watcher, type WatchQuery } from './watcher.ts';
import { managerOf, Writer, type Target } from './writer.ts';

export type PatchType = 'json' | 'merge' | 'strategic' | 'apply';

/** What became of a write. */
export interface Written {
  readonly stored: StoredObject;
  readonly created: boolean;
}

/** What became of a deletion: gone at once, or marked and waiting. */
export interface Deleted {
  readonly stored: StoredObject;
  readonly gone: boolean;
}

/**
 * The verbs of the API over the store, the same for every kind. HTTP handlers and in-process clients stand on it.
 * Refusals are StatusErrors; objects that it answers are shared and must not be changed.
 */
export class Registry {
  readonly catalog: Catalog;
  readonly store: Store;
  readonly authorizer: Authorizer;
  readonly quotas: Quotas;
  readonly #writer: Writer;

  constructor(catalog: Catalog, store: Store) {
    this.catalog = catalog;
    this.store = store;
    this.authorizer = new Authorizer(catalog, store);
    this.quotas = new Quotas(store, catalog, () => this.#writer);
    this.#writer = new Writer(store, this.authorizer, this.quotas);
  }

  get(resource: Resource, namespace: string | undefined, name: string): StoredObject {
    return getObject(this.store, resource, namespace, name);
  }

  list(resource: Resource, query: ListQuery): Listed {
    return listObjects(this.store, resource, query);
  }

  watch(resource: Resource, query: WatchQuery): Watcher {
    return new Watcher(this.store, resource, query);
  }

  /** `body` is a client's JSON. */
  async create(
    resource: Resource,
    namespace: string | undefined,
    body: unknown,
    request: Request,
  ): Promise<StoredObject> {
    const object = decodeObject(resource, body, request);
    checkNamespace(resource, namespace, object);
    await awaitNeeded(this.store, resource, object, namespace);
    return this.#writer.create(resource, namespace, object, request);
  }

  /** Replaces; creates where the kind allows it. */
  async update(target: Target, body: unknown, request: Request): Promise<Written> {
    const { resource, namespace, name } = target;
    const object = decodeObject(resource, body, request);
    checkNamespace(resource, namespace, object);
    checkName(name, object);
    let created = false;
    const stored = await this.#writer.change(target, request, (current) => {
      if (current !== undefined)
        return this.#writer.decideUpdate(target, current.object, object, request, 'put');
      if (resource.rules.createsOnUpdate !== true || target.subresource !== undefined) throw notFound(target);
      created = true;
      this.#requireCreate(target, request);
      return this.#writer.decideCreate(target, object, request);
    });
    return { stored, created };
  }

  async patch(
    target: Target,
    type: PatchType,
    body: unknown,
    request: Request,
    force = false,
  ): Promise<Written> {
    if (type === 'apply') return this.#apply(target, body, request, force);
    const stored = await this.#writer.change(target, request, (current) => {
      if (current === undefined) throw notFound(target);
      const before = this.inVersion(target.resource, current.object);
      const given = decodePatched(
        target.resource,
        type,
        patched(target.resource, type, before, body),
        body,
        request,
      );
      checkNamespace(target.resource, target.namespace, given);
      checkName(target.name, given);
      return this.#writer.decideUpdate(target, current.object, given, request, 'patch');
    });
    return { stored, created: false };
  }

  /** Changes an object through a function of the newest version: subresources that are no object of their own. */
  async mutate(
    target: Target,
    request: Request,
    change: (next: ApiObject) => void,
    ownership: 'recorded' | 'unrecorded' = 'recorded',
  ): Promise<StoredObject> {
    return this.#writer.change(target, request, (current) => {
      if (current === undefined) throw notFound(target);
      const given = decodeObject(target.resource, this.inVersion(target.resource, current.object), {
        ...request,
        fieldValidation: 'Ignore',
      });
      change(given);
      return this.#writer.decideUpdate(
        target,
        current.object,
        given,
        request,
        ownership === 'recorded' ? 'patch' : 'apply',
      );
    });
  }

  async delete(
    resource: Resource,
    namespace: string | undefined,
    name: string,
    query: DeleteQuery,
    request: Request,
  ): Promise<Deleted> {
    let gone = false;
    const stored = await this.#writer.change({ resource, namespace, name }, request, (current) => {
      const next = decideDeletion(resource, name, current, query, request.now());
      gone = next.type === 'delete';
      return next;
    });
    return { stored, gone };
  }

  /** The object as a version other than the stored one shows it. */
  inVersion(resource: Resource, object: ApiObject): ApiObject {
    return inVersion(resource, object);
  }

  async #apply(target: Target, body: unknown, request: Request, force: boolean): Promise<Written> {
    const { resource, namespace, name, subresource } = target;
    const applied = checkApplied(resource, body);
    checkNamespace(resource, namespace, applied);
    if (applied.metadata.name !== '' && applied.metadata.name !== name) checkName(name, applied);
    const change = {
      schema: resource.schema,
      manager: managerOf(resource, request, subresource, 'Apply'),
      time: timestamp(request.now()),
      ignored: this.#writer.resets(resource, subresource),
    };
    let created = false;
    if (this.store.newest(resource.collection, keyOf(resource, namespace, name)) === undefined)
      await awaitNeeded(this.store, resource, applied, namespace);
    const stored = await this.#writer.change(target, request, (current) => {
      const empty = this.#writer.emptyObject(resource);
      const live = this.inVersion(resource, current?.object ?? fresh(empty, name, namespace));
      const result = applyConfiguration(live, applied, change, { force, empty });
      const next = decodeObject(resource, result, { ...request, fieldValidation: 'Ignore' });
      tellAppliedTwice(request);
      if (current !== undefined)
        return this.#writer.decideUpdate(target, current.object, next, request, 'apply');
      if (subresource !== undefined) throw notFound(target);
      const { uid = '' } = applied.metadata;
      if (uid !== '') {
        const why = `uid mismatch: the provided object specified uid ${uid}, and no existing object was found`;
        throw conflict({ group: resource.group, resource: resource.plural }, name, why);
      }
      created = true;
      this.#requireCreate(target, request);
      return this.#writer.decideFirst(target, next, request);
    });
    return { stored, created };
  }

  /** Who makes an object by PUT or by apply must be allowed to create it, too. Fails with 403. */
  #requireCreate({ resource, namespace = '', name }: Target, { user }: Request): void {
    const { group, plural } = resource;
    this.authorizer.require(user, {
      verb: 'create',
      group,
      resource: plural,
      subresource: '',
      namespace,
      name,
    });
  }
}

/** Keys that the YAML of an applied configuration has twice. Fails with 400 in strict validation. */
function tellAppliedTwice(request: Request): void {
  for (const problem of request.bodyProblems ?? []) {
    if (request.fieldValidation === 'Strict')
      throw badRequest(`error strict decoding YAML: error converting YAML to JSON: ${problem}`);
    if (request.fieldValidation === 'Warn') for (const line of warningLines(problem)) request.warn(line);
  }
}

function patched(resource: Resource, type: PatchType, before: ApiObject, patch: unknown): unknown {
  if (type === 'json') return applyJsonPatch(before, patch);
  if (patch === null && type === 'merge') throw badRequest('Invalid JSON Patch');
  if (patch === null) return before;
  if (!isObject(patch))
    throw badRequest(
      `${type === 'merge' ? 'error decoding patch: ' : ''}json: cannot unmarshal ${Array.isArray(patch) ? 'array' : typeof patch} into Go value of type map[string]interface {}`,
    );
  return type === 'merge' ? mergePatch(before, patch) : strategicMergePatch(before, patch, resource.schema);
}

/** A patch that leads to something of the wrong type is invalid, not unreadable. */
function decodePatched(
  resource: Resource,
  type: PatchType,
  result: unknown,
  patch: unknown,
  request: Request,
): ApiObject {
  try {
    return decodeObject(resource, result, request);
  } catch (error) {
    const cause = error instanceof Error ? error.cause : undefined;
    if (!(cause instanceof DecodeError)) throw error;
    const shown = type === 'strategic' ? goText(patch) : JSON.stringify(result);
    const why = (type === 'strategic' ? cause.conversion : undefined) ?? cause.message;
    throw invalidObject('', '', '', [invalid('patch', shown, why)]);
  }
}

function fresh(empty: ApiObject, name: string, namespace: string | undefined): ApiObject {
  return { ...empty, metadata: { name, ...(namespace === undefined ? {} : { namespace }) } };
}

function notFound({ resource, name }: Target): Error {
  return objectNotFound({ group: resource.group, resource: resource.plural }, name);
}

function checkNamespace(
  resource: Resource,
  namespace: string | undefined,
  { metadata }: ApiObject | (JsonObject & { metadata: { namespace?: string } }),
): void {
  const given = metadata.namespace ?? '';
  if (given === '' || !resource.namespaced || given === namespace) return;
  throw badRequest('the namespace of the provided object does not match the namespace sent on the request');
}

function checkName(name: string, { metadata }: ApiObject): void {
  if (metadata.name === name) return;
  if (metadata.name === '')
    throw badRequest(
      `the name of the object (${name} based on URL) was undeterminable: name must be provided`,
    );
  throw badRequest(`the name of the object (${metadata.name}) does not match the name on the URL (${name})`);
}
