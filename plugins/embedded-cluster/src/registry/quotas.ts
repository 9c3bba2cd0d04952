import { messageOf, type Log } from '@epinio/core';
import { copy, equal, objectAt } from '../json.ts';
import { charge } from '../kinds/quota/charge.ts';
import { limitedCollections, measureOf } from '../kinds/quota/measure.ts';
import type { Amounts } from '../kinds/quota/pod-amounts.ts';
import { recount } from '../kinds/quota/recount.ts';
import { forbiddenRequest } from '../status.ts';
import type { ApiObject } from '../storage/api-object.ts';
import type { Store } from '../storage/store.ts';
import type { Catalog } from './catalog.ts';
import { internalRequest } from './internal-request.ts';
import type { Request } from './request.ts';
import type { Resource } from './resource.ts';
import type { Writer } from './writer.ts';

const COLLECTION = '/resourcequotas';
/** How often everything is counted anew: pods that should have been gone long ago stop counting without a change. */
const RESYNC_MS = 5 * 60_000;

/**
 * Enforces ResourceQuotas. What a write takes is added to `status.used` in the write's own commit, so two that come at
 * once cannot both take what is left; what is given back is counted once it has gone.
 */
export class Quotas {
  readonly #store: Store;
  readonly #catalog: Catalog;
  readonly #writer: () => Writer;
  readonly #followed = new Map<string, { position: number; readonly stop: () => void }>();
  #timer: NodeJS.Timeout | undefined;
  #log: Log | undefined;

  constructor(store: Store, catalog: Catalog, writer: () => Writer) {
    this.#store = store;
    this.#catalog = catalog;
    this.#writer = writer;
  }

  /** Takes what the next version of an object needs. Fails with 403. Costs nothing in a cluster without quotas. */
  admit(resource: Resource, next: ApiObject, current: ApiObject | undefined, request: Request): void {
    if (!resource.namespaced || this.#store.collection(COLLECTION).size === 0) return;
    const measure = measureOf(resource.collection);
    const { namespace = '', name } = next.metadata;
    const quotas = this.#quotas(namespace);
    if (measure === undefined || quotas.length === 0) return;
    const raised = charge(quotas, { measure, next, current, now: request.now() });
    if (typeof raised === 'string')
      throw forbiddenRequest({ group: resource.group, resource: resource.plural }, name, raised);
    if (request.dryRun) return;
    for (const { quota, used } of raised)
      this.#setStatus(quota.metadata.name, namespace, 'kube-apiserver', (status) => ({ ...status, used }));
  }

  /** Begins to count what is there and what is given back. */
  start(log: Log): void {
    this.#log = log;
    this.#follow(COLLECTION);
    this.#countAll();
    this.#timer = setInterval(() => this.#countAll(), RESYNC_MS).unref();
  }

  close(): void {
    clearInterval(this.#timer);
    for (const { stop } of this.#followed.values()) stop();
    this.#followed.clear();
  }

  #quotas(namespace: string): readonly ApiObject[] {
    return this.#store
      .newestOf(COLLECTION)
      .filter(({ key }) => key.startsWith(`${namespace}/`))
      .map(({ object }) => object);
  }

  #countAll(): void {
    for (const { object } of this.#store.newestOf(COLLECTION)) this.#count(object);
  }

  /** Writes what is used of a quota now. */
  #count({ metadata: { name, namespace = '' }, ...quota }: ApiObject): void {
    for (const collection of limitedCollections(Object.keys(objectAt(quota, 'spec', 'hard'))))
      this.#follow(collection);
    this.#setStatus(name, namespace, 'kube-controller-manager', (_, current) =>
      recount(
        current,
        (collection) =>
          this.#store
            .newestOf(collection)
            .filter(({ key }) => key.startsWith(`${namespace}/`))
            .map(({ object }) => object),
        (collection) => this.#isKnown(collection),
        Date.now(),
      ),
    );
  }

  #isKnown(collection: string): boolean {
    return this.#catalog.all().some((resource) => resource.collection === collection && resource.namespaced);
  }

  /** Joins the commit of the write that it is called in. What becomes of it becomes of that write. */
  #setStatus(
    name: string,
    namespace: string,
    manager: string,
    next: (
      status: Readonly<Record<string, unknown>>,
      current: ApiObject,
    ) => Readonly<Record<string, Amounts>>,
  ): void {
    const resource = this.#catalog.findKind('v1', 'ResourceQuota');
    if (resource === undefined) return;
    const target = { resource, namespace, name, subresource: 'status' };
    const request = internalRequest(manager);
    this.#store
      .write(COLLECTION, `${namespace}/${name}`, (current) => {
        if (current === undefined) return { type: 'keep' };
        const { object } = current;
        const status = next(objectAt(object, 'status'), object);
        if (equal(status, objectAt(object, 'status'))) return { type: 'keep' };
        const given = { ...copy(object), status };
        return this.#writer().decideUpdate(target, object, given, request, 'put');
      })
      .catch((error: unknown) => {
        // The next count makes good for it.
        this.#log?.warn('What is used of a ResourceQuota could not be written', {
          ...{ namespace, name },
          reason: messageOf(error),
        });
      });
  }

  #follow(name: string): void {
    if (this.#followed.has(name)) return;
    const collection = this.#store.collection(name);
    const entry = { position: collection.history.end, stop: collection.subscribe(() => this.#see(name)) };
    this.#followed.set(name, entry);
  }

  /** Looks at what was committed: a quota that says something else, an object that gave something back. */
  #see(name: string): void {
    const entry = this.#followed.get(name);
    const { history } = this.#store.collection(name);
    const dirty = new Set<string>();
    for (; entry !== undefined && entry.position < history.end; entry.position++) {
      const event = history.at(entry.position);
      if (event === 'dropped') {
        entry.position = history.end;
        this.#countAll();
        return;
      }
      if (event === undefined) continue;
      const { type, stored, previous } = event;
      const [namespace = ''] = stored.key.split('/');
      if (name === COLLECTION && type !== 'DELETED' && !saysSame(stored.object, previous?.object))
        this.#count(stored.object);
      if (type === 'DELETED' || (type === 'MODIFIED' && !takesSame(name, stored.object, previous?.object)))
        dirty.add(namespace);
    }
    for (const namespace of dirty)
      for (const quota of this.#quotas(namespace))
        if (limitedCollections(Object.keys(objectAt(quota, 'spec', 'hard'))).includes(name))
          this.#count(quota);
  }
}

function saysSame(quota: ApiObject, previous: ApiObject | undefined): boolean {
  const [next, before] = [quota, previous].map((object) => objectAt(object, 'spec'));
  return equal(next, before) && equal(next?.['hard'], objectAt(quota, 'status')['hard']);
}

function takesSame(collection: string, object: ApiObject, previous: ApiObject | undefined): boolean {
  const measure = measureOf(collection);
  if (measure === undefined || previous === undefined) return true;
  const now = Date.now();
  if (measure.changes?.(object, previous) === true && measure.isIn !== undefined) return false;
  return equal(measure.usage(object, now), measure.usage(previous, now));
}
