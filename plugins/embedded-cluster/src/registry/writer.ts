import type { Authorizer } from '../auth/authorize/authorizer.ts';
import { alreadyExists, conflict, invalidObject, MODIFIED, objectNotFound, StatusError } from '../status.ts';
import { copy, equal, without } from '../json.ts';
import type { Manager } from '../managed-fields/managers.ts';
import { recordUpdate } from '../managed-fields/update.ts';
import { decode } from '../schema/decode.ts';
import { invalid } from '../schema/field-error.ts';
import { timestamp } from '../schema/time.ts';
import type { ApiObject, FieldsV1 } from '../storage/api-object.ts';
import type { Next, Store } from '../storage/store.ts';
import { StoredObject } from '../storage/stored-object.ts';
import { admitNamespace, createAdmission } from './admission.ts';
import { isFinished } from './deletion.ts';
import {
  dropRepeatedOwners,
  fillNewMetadata,
  generatedName,
  keepServerMetadata,
  validateMetadata,
  validateMetadataUpdate,
} from './object-meta.ts';
import { keyOf } from './reader.ts';
import type { Quotas } from './quotas.ts';
import type { Request } from './request.ts';
import { shownForm, storedForm } from './version.ts';
import type { Admission, Resource } from './resource.ts';
import { restoreOthers } from './subresources.ts';

/** Tries of a generated name that is taken. */
const NAME_TRIES = 8;
const NOTHING: FieldsV1 = {};

/** Where a change goes to. */
export interface Target {
  readonly resource: Resource;
  readonly namespace: string | undefined;
  readonly name: string;
  /** "status", "scale", "finalize", …; absent: the object itself. */
  readonly subresource?: string;
}

/** Brings objects from one version to the next: metadata, ownership of fields, admission, validation. */
export class Writer {
  readonly #store: Store;
  readonly #authorizer: Authorizer;
  readonly #quotas: Quotas;
  readonly #empty = new WeakMap<object, ApiObject>();

  constructor(store: Store, authorizer: Authorizer, quotas: Quotas) {
    this.#store = store;
    this.#quotas = quotas;
    this.#authorizer = authorizer;
  }

  /** Creates a decoded object. Fails with 404 without its namespace, 409 when it is there, 422. */
  async create(
    resource: Resource,
    namespace: string | undefined,
    object: ApiObject,
    request: Request,
  ): Promise<StoredObject> {
    if ((object.metadata.resourceVersion ?? '') !== '') {
      throw new StatusError(500, '', 'resourceVersion should not be set on objects to be created');
    }
    const base = object.metadata.generateName ?? '';
    const generated = object.metadata.name === '' && base !== '';
    for (let attempt = 1; ; attempt++) {
      const candidate = generated
        ? { ...copy(object), metadata: { ...copy(object.metadata), name: generatedName(base) } }
        : object;
      const { name } = candidate.metadata;
      try {
        return await this.change({ resource, namespace, name }, request, (current) => {
          if (current !== undefined) {
            const deleting = current.object.metadata.deletionTimestamp !== undefined;
            throw alreadyExists({ group: resource.group, resource: resource.plural }, name, deleting);
          }
          return this.decideCreate({ resource, namespace, name: '' }, candidate, request);
        });
      } catch (error) {
        const taken = error instanceof StatusError && error.reason === 'AlreadyExists';
        if (!generated || !taken || attempt === NAME_TRIES) throw error;
      }
    }
  }

  /** Runs one decision, durably or, in a dry run, for the answer only. */
  async change(
    target: Target,
    request: Request,
    decide: (current: StoredObject | undefined) => Next,
  ): Promise<StoredObject> {
    const { resource, namespace, name } = target;
    const key = keyOf(resource, namespace, name);
    let decided: Next | undefined;
    const written = await this.#store.write(resource.collection, key, (current) => {
      decided = decide(shownForm(resource, current));
      if (request.dryRun) return { type: 'keep' };
      return decided.type === 'keep' ? decided : { ...decided, object: storedForm(resource, decided.object) };
    });
    if (request.dryRun && decided !== undefined && decided.type !== 'keep') {
      return new StoredObject(key, 0, JSON.stringify(decided.object), decided.object);
    }
    if (written === undefined)
      throw objectNotFound({ group: resource.group, resource: resource.plural }, name);
    return written;
  }

  /** The first version of an object that comes with its ownership recorded already, as apply has it. */
  decideFirst(target: Target, object: ApiObject, request: Request): Next {
    return this.#admitNew(target, object, request);
  }

  /** The version after `current` that a client wants to be `given`, which must not be used afterwards. */
  decideUpdate(
    target: Target,
    current: ApiObject,
    given: ApiObject,
    request: Request,
    how: 'put' | 'patch' | 'apply',
  ): Next {
    const { resource, subresource } = target;
    const what = { group: resource.group, resource: resource.plural };
    const { uid, resourceVersion = '' } = given.metadata;
    if (resourceVersion !== '' && !/^\d+$/.test(resourceVersion)) {
      const shown = JSON.stringify(resourceVersion);
      throw new StatusError(500, '', `strconv.ParseUint: parsing ${shown}: invalid syntax`);
    }
    if (resourceVersion === '' && resource.custom !== undefined) {
      throw invalidObject(resource.group, resource.plural, target.name, [
        invalid('metadata.resourceVersion', 0, 'must be specified for an update'),
      ]);
    }
    if (
      resourceVersion !== '' &&
      resourceVersion !== '0' &&
      resourceVersion !== current.metadata.resourceVersion
    ) {
      throw conflict(what, target.name, MODIFIED);
    }
    if (uid !== undefined && uid !== current.metadata.uid) {
      if (how !== 'put') {
        const finding = invalid('metadata.uid', uid, 'field is immutable');
        throw invalidObject(resource.group, resource.kind, target.name, [finding, finding]); // it is found twice
      }
      throw conflict(
        what,
        target.name,
        `StorageError: invalid object, Code: 4, Key: ${storageKey(target)}, ResourceVersion: 0, AdditionalErrorMsg: Precondition failed: UID in precondition: ${uid}, UID in object meta: ${current.metadata.uid ?? ''}`,
      );
    }
    const time = timestamp(request.now());
    dropRepeatedOwners(given.metadata, request, how === 'put' ? '' : ' after mutating admission happens');
    let next = given;
    if (how !== 'apply') {
      // apply has recorded who owns what
      const ignored = this.resets(resource, subresource);
      const manager = managerOf(resource, request, subresource);
      const when = subresource === 'scale' ? undefined : time; // as the real one has it
      recordUpdate(current, next, { schema: resource.schema, manager, time: when, ignored });
    }
    next = restoreOthers(target, next, current);
    keepServerMetadata(next.metadata, current.metadata);
    const admission = this.#admission(request, time, target.name);
    if (subresource === undefined) resource.rules.authorize?.(next, current, admission);
    if (subresource === 'status') resource.rules.prepareStatus?.(next, current);
    else resource.rules.prepareUpdate?.(next, current, admission, subresource);
    // As the real one has it.
    if (subresource !== 'binding' && subresource !== 'status') countGeneration(resource, next, current);
    const metadataErrors = validateMetadataUpdate(next.metadata, current.metadata);
    this.#validate(resource, next, [
      ...metadataErrors,
      ...metadataErrors, // the real one finds them twice
      ...(subresource === 'status' ? [] : (resource.rules.validateUpdate?.(next, current, admission) ?? [])),
    ]);
    if (subresource === undefined) resource.rules.allocate?.(next, current, admission);
    if (isFinished(resource, next)) return { type: 'delete', object: next };
    if (subresource === undefined) this.#quotas.admit(resource, next, current, request);
    return sameButTimes(next, current) ? { type: 'keep' } : { type: 'put', object: next };
  }

  /** The object that fields of a new one are compared with. */
  emptyObject(resource: Resource): ApiObject {
    let empty = this.#empty.get(resource);
    if (empty === undefined) {
      const { kind, apiVersion } = resource;
      const body = { kind, apiVersion, metadata: {} };
      empty = (resource.custom === undefined
        ? decode(resource.schema, body, () => undefined)
        : body) as unknown as ApiObject;
      this.#empty.set(resource, empty);
    }
    return empty;
  }

  /** The first version of a new object, owned by who makes it. `target.name` is the one in the path: none of a POST. */
  decideCreate(target: Target, object: ApiObject, request: Request): Next {
    const { resource } = target;
    dropRepeatedOwners(object.metadata, request, '');
    const change = {
      schema: resource.schema,
      manager: managerOf(resource, request, undefined),
      time: timestamp(request.now()),
      ignored: this.resets(resource, undefined),
    };
    recordUpdate(this.emptyObject(resource), object, change);
    return this.#admitNew(target, object, request);
  }

  #admission(request: Request, time: string, urlName: string): Admission {
    return createAdmission({ store: this.#store, authorizer: this.#authorizer }, request, time, urlName);
  }

  #admitNew({ resource, namespace, name }: Target, object: ApiObject, request: Request): Next {
    const time = timestamp(request.now());
    const admission = this.#admission(request, time, name);
    admitNamespace(resource, namespace, object.metadata.name, admission);
    fillNewMetadata(object.metadata, resource, namespace ?? '', time);
    resource.rules.authorize?.(object, undefined, admission);
    if (resource.custom !== undefined && resource.subresources.has('status')) delete object['status'];
    resource.rules.prepareCreate?.(object, admission);
    this.#validate(resource, object, []);
    resource.rules.allocate?.(object, undefined, admission);
    this.#quotas.admit(resource, object, undefined, request);
    for (const warning of resource.rules.warnings?.(object) ?? []) request.warn(warning);
    return { type: 'put', object };
  }

  #validate(
    resource: Resource,
    object: ApiObject,
    more: readonly Parameters<typeof invalidObject>[3][number][],
  ): void {
    const errors = [
      ...validateMetadata(resource, object),
      ...(resource.rules.validate?.(object) ?? []),
      ...more,
    ];
    if (errors.length > 0) throw invalidObject(resource.group, resource.kind, object.metadata.name, errors);
  }

  /** Fields that an endpoint does not take from its clients. */
  resets(resource: Resource, subresource: string | undefined): FieldsV1 {
    const { rules, custom } = resource;
    if (custom !== undefined && resource.subresources.has('status')) {
      return subresource === 'status' ? CUSTOM_BUT_STATUS : STATUS;
    }
    return (subresource === 'status' ? rules.resets?.status : rules.resets?.object) ?? NOTHING;
  }
}

const STATUS: FieldsV1 = { 'f:status': {} };
const CUSTOM_BUT_STATUS: FieldsV1 = { 'f:metadata': {}, 'f:spec': {} };

/** Where the real API server keeps an object, which its messages tell. */
function storageKey({ resource, namespace, name }: Target): string {
  const { group, plural, custom } = resource;
  const kind = custom === undefined ? (STORED_ELSEWHERE[plural] ?? plural) : `${group}/${plural}`;
  return `/registry/${kind}/${resource.namespaced ? `${namespace ?? ''}/` : ''}${name}`;
}

const STORED_ELSEWHERE: Readonly<Record<string, string>> = {
  endpoints: 'services/endpoints',
  ingresses: 'ingress',
  nodes: 'minions',
  services: 'services/specs',
};

/** Who a request's changes belong to. */
export function managerOf(
  resource: Resource,
  request: Request,
  subresource: string | undefined,
  operation: Manager['operation'] = 'Update',
): Manager {
  return {
    manager: request.fieldManager,
    operation,
    apiVersion: resource.apiVersion,
    ...(subresource === undefined ? {} : { subresource }),
  };
}

/** metadata.generation counts versions whose content differs: all but metadata, and but a status of its own. */
function countGeneration(resource: Resource, next: ApiObject, current: ApiObject): void {
  const { generations } = resource.rules;
  if (generations === undefined || current.metadata.generation === undefined) return;
  const content = (object: ApiObject): Record<string, unknown> => {
    return without(object, 'metadata', ...(resource.subresources.has('status') ? ['status'] : []));
  };
  const annotated =
    generations === 'with annotations' &&
    !equal(next.metadata.annotations ?? {}, current.metadata.annotations ?? {});
  if (annotated || !equal(content(next), content(current)))
    next.metadata.generation = current.metadata.generation + 1;
}

/** A change that only renews times of ownership is none: applying the same thing again writes nothing. */
function sameButTimes(next: ApiObject, current: ApiObject): boolean {
  const stripped = (object: ApiObject): ApiObject => ({
    ...object,
    metadata: {
      ...object.metadata,
      ...(object.metadata.managedFields === undefined
        ? {}
        : { managedFields: object.metadata.managedFields.map((entry) => without(entry, 'time')) }),
    },
  });
  return equal(stripped(next), stripped(current));
}
