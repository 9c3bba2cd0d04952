import { badRequest, gone, objectNotFound, StatusError } from '../status.ts';
import { readContinueToken, writeContinueToken, type ContinueToken } from './continue-token.ts';
import type { Collection } from '../storage/collection.ts';
import type { Store } from '../storage/store.ts';
import type { StoredObject } from '../storage/stored-object.ts';
import type { Resource } from './resource.ts';
import type { Matcher } from './selectors.ts';

export interface ListQuery {
  /** Absent: all namespaces. */
  readonly namespace?: string;
  readonly matches?: Matcher;
  /** The one name that a field selector asks for. */
  readonly name?: string;
  readonly limit?: number;
  readonly continue?: string;
  readonly resourceVersion?: string;
  readonly resourceVersionMatch?: string;
}

export interface Listed {
  readonly items: readonly StoredObject[];
  readonly revision: number;
  readonly continue?: string;
  readonly remaining?: number;
}

const CONTINUE_EXPIRED =
  'The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list.';

/** The key of an object in its collection. */
export function keyOf(resource: Resource, namespace: string | undefined, name: string): string {
  return resource.namespaced ? `${namespace ?? ''}/${name}` : name;
}

/** Fails with 404. */
export function getObject(
  store: Store,
  resource: Resource,
  namespace: string | undefined,
  name: string,
): StoredObject {
  const stored = store.collection(resource.collection).get(keyOf(resource, namespace, name));
  if (stored === undefined) throw objectNotFound({ group: resource.group, resource: resource.plural }, name);
  return stored;
}

/** One page of a list. All pages of one list are of one revision. Fails with 400, 410 or 504. */
export function listObjects(store: Store, resource: Resource, query: ListQuery): Listed {
  const collection = store.collection(resource.collection);
  const prefix = resource.namespaced && query.namespace !== undefined ? `${query.namespace}/` : '';
  const token = continueTokenOf(query);
  const revision = token === undefined ? wantedRevision(store, query) : token.rv < 0 ? undefined : token.rv;
  const items =
    revision === undefined
      ? candidates(collection, resource, prefix, query)
      : snapshot(collection, prefix, revision, token);
  const from = token === undefined ? 0 : items.findIndex(({ key }) => key > token.start);
  return page(items, from < 0 ? items.length : from, revision ?? store.revision, query);
}

function page(items: readonly StoredObject[], from: number, revision: number, query: ListQuery): Listed {
  const { matches, limit = 0 } = query;
  if (limit <= 0) {
    const rest = from === 0 ? items : items.slice(from);
    return { items: matches === undefined ? rest : rest.filter(({ object }) => matches(object)), revision };
  }
  const found: StoredObject[] = [];
  let index = from;
  for (; index < items.length && found.length < limit; index++) {
    const stored = items[index] as StoredObject;
    if (matches === undefined || matches(stored.object)) found.push(stored);
  }
  const last = items[index - 1];
  if (index >= items.length || last === undefined) return { items: found, revision };
  return {
    items: found,
    revision,
    continue: writeContinueToken(revision, last.key),
    ...(matches === undefined ? { remaining: items.length - index } : {}),
  };
}

/** A single name needs no look at the others. */
function candidates(
  collection: Collection,
  resource: Resource,
  prefix: string,
  query: ListQuery,
): readonly StoredObject[] {
  if (query.name === undefined || (resource.namespaced && prefix === '')) return collection.list(prefix);
  const stored = collection.get(`${prefix}${query.name}`);
  return stored === undefined ? [] : [stored];
}

/** Fails with 410 when the history does not reach back that far; who was reading pages may go on with the present. */
function snapshot(
  collection: Collection,
  prefix: string,
  revision: number,
  token: ContinueToken | undefined,
): readonly StoredObject[] {
  const items = collection.snapshot(prefix, revision);
  if (items !== undefined) return items;
  if (token === undefined) throw gone('The resourceVersion for the provided list is too old.');
  throw gone(CONTINUE_EXPIRED, { continue: writeContinueToken(-1, token.start) });
}

/** The revision that a list has to be of; undefined for the present. */
function wantedRevision(
  store: Store,
  { resourceVersion, resourceVersionMatch, limit }: ListQuery,
): number | undefined {
  if (resourceVersion === undefined || resourceVersion === '') return undefined;
  const revision = parseRevision(resourceVersion);
  if (revision > store.revision) throw tooLarge(revision, store.revision);
  if (
    resourceVersionMatch === 'Exact' ||
    (resourceVersionMatch !== 'NotOlderThan' && (limit ?? 0) > 0 && revision > 0)
  )
    return revision;
  return undefined;
}

/** Fails with 400 for what is no revision. */
export function parseRevision(text: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text);
  const shown = JSON.stringify(text);
  throw badRequest(
    `invalid resource version: resourceVersion: Invalid value: ${shown}: strconv.ParseUint: parsing ${shown}: invalid syntax`,
  );
}

function continueTokenOf({
  continue: text = '',
  resourceVersion = '',
}: ListQuery): ContinueToken | undefined {
  if (text === '') return undefined;
  const token = readContinueToken(text);
  if (resourceVersion === '' || resourceVersion === '0') return token;
  throw badRequest('specifying resource version is not allowed when using continue');
}

function tooLarge(wanted: number, current: number): StatusError {
  return new StatusError(
    504,
    'Timeout',
    `Timeout: Too large resource version: ${wanted}, current: ${current}`,
    {
      causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }],
      retryAfterSeconds: 1,
    },
  );
}
