import { conflict, objectNotFound } from '../status.ts';
import { copy, equal } from '../json.ts';
import { timestamp } from '../schema/time.ts';
import type { ApiObject } from '../storage/api-object.ts';
import type { Next } from '../storage/store.ts';
import type { StoredObject } from '../storage/stored-object.ts';
import type { Resource } from './resource.ts';

/** metav1.DeleteOptions, without what makes a request of it. */
export interface DeleteQuery {
  readonly gracePeriodSeconds?: number;
  readonly propagationPolicy?: string;
  /** The older way to say Orphan (true) or Background (false). */
  readonly orphanDependents?: boolean;
  readonly preconditions?: { readonly uid?: string; readonly resourceVersion?: string };
}

const ORPHAN = 'orphan';
const FOREGROUND = 'foregroundDeletion';

/**
 * What a deletion makes of an object: gone, or marked and waiting for its finalizers or for its node.
 * Fails with 404, 409 for preconditions, 403 for what may not go.
 */
export function decideDeletion(
  resource: Resource,
  name: string,
  current: StoredObject | undefined,
  query: DeleteQuery,
  now: number,
): Next {
  const what = { group: resource.group, resource: resource.plural };
  if (current === undefined) throw objectNotFound(what, name);
  checkPreconditions(resource, current.object, query);
  resource.rules.checkDelete?.(current.object);
  const next = copy(current.object);
  const { metadata } = next;
  metadata.finalizers = propagationFinalizers(resource, metadata.finalizers ?? [], query);
  if (metadata.finalizers.length === 0) delete metadata.finalizers;

  const grace = resource.rules.gracePeriod?.(current.object, query.gracePeriodSeconds) ?? 0;
  const marked = current.object.metadata.deletionTimestamp !== undefined;
  if (!marked) {
    metadata.deletionTimestamp = timestamp(now + grace * 1000);
    if (resource.rules.keepsNoGracePeriod !== true) metadata.deletionGracePeriodSeconds = grace;
    if (metadata.generation !== undefined) metadata.generation++;
  } else if (grace < (metadata.deletionGracePeriodSeconds ?? 0)) {
    const began =
      Date.parse(metadata.deletionTimestamp ?? '') - (metadata.deletionGracePeriodSeconds ?? 0) * 1000;
    metadata.deletionTimestamp = timestamp(began + grace * 1000);
    metadata.deletionGracePeriodSeconds = grace;
  }
  const waits =
    resource.rules.beginDelete?.(next) === true ||
    metadata.finalizers !== undefined ||
    (metadata.deletionGracePeriodSeconds ?? 0) > 0;
  if (!waits)
    return {
      type: 'delete',
      object: marked || resource.rules.gracePeriod !== undefined ? next : copy(current.object),
    };
  return equal(next, current.object) ? { type: 'keep' } : { type: 'put', object: next };
}

/** True when a marked object has nothing left to wait for: the write that takes its last finalizer removes it. */
export function isFinished(resource: Resource, object: ApiObject): boolean {
  const { deletionTimestamp, deletionGracePeriodSeconds = 0, finalizers = [] } = object.metadata;
  if (deletionTimestamp === undefined || finalizers.length > 0 || deletionGracePeriodSeconds > 0)
    return false;
  return resource.rules.beginDelete?.(copy(object)) !== true;
}

/** Fails with 409 when the object is not the one, or the version, that the deletion is for. */
export function checkPreconditions(
  resource: Resource,
  object: ApiObject,
  { preconditions = {} }: DeleteQuery,
): void {
  const { uid, resourceVersion } = preconditions;
  const { metadata } = object;
  const what = { group: resource.group, resource: resource.kind };
  if (uid !== undefined && uid !== metadata.uid) {
    throw conflict(
      what,
      metadata.name,
      `the UID in the precondition (${uid}) does not match the UID in record (${metadata.uid ?? ''}). The object might have been deleted and then recreated`,
    );
  }
  if (resourceVersion !== undefined && resourceVersion !== metadata.resourceVersion) {
    throw conflict(
      what,
      metadata.name,
      `the ResourceVersion in the precondition (${resourceVersion}) does not match the ResourceVersion in record (${metadata.resourceVersion ?? ''}). The object might have been modified`,
    );
  }
}

/** The garbage collector's finalizers say what becomes of dependents. */
function propagationFinalizers(resource: Resource, given: readonly string[], query: DeleteQuery): string[] {
  const old =
    query.orphanDependents === undefined ? undefined : query.orphanDependents ? 'Orphan' : 'Background';
  const already = given.includes(ORPHAN) ? 'Orphan' : given.includes(FOREGROUND) ? 'Foreground' : undefined;
  const policy = query.propagationPolicy ?? old ?? already ?? resource.rules.propagation ?? 'Background';
  const others = given.filter((finalizer) => finalizer !== ORPHAN && finalizer !== FOREGROUND);
  if (policy === 'Orphan') return [...others, ORPHAN];
  return policy === 'Foreground' ? [...others, FOREGROUND] : others;
}
