import type { StructSchema } from '../schema/schema.ts';
import type { ApiObject, FieldsV1, Metadata } from '../storage/api-object.ts';
import { isObject } from '../json.ts';
import { compare, type Comparison } from './compare.ts';
import { difference, intersection, isEmpty, isFieldSet, recursiveDifference, union } from './field-set.ts';
import { Managers, type Manager } from './managers.ts';

/** Who changes an object, when, and what the request cannot change. */
export interface Change {
  readonly schema: StructSchema;
  readonly manager: Manager;
  /** RFC 3339; absent for changes whose time is not kept. */
  readonly time: string | undefined;
  /** Fields that the endpoint resets (status, or all but it): nobody comes to own them by this request. */
  readonly ignored: FieldsV1;
}

/** Metadata that belongs to the server. */
const SERVER_FIELDS: FieldsV1 = {
  'f:apiVersion': {},
  'f:kind': {},
  'f:metadata': {
    '.': {},
    'f:name': {},
    'f:namespace': {},
    'f:creationTimestamp': {},
    'f:selfLink': {},
    'f:uid': {},
    'f:clusterName': {},
    'f:generation': {},
    'f:managedFields': {},
    'f:resourceVersion': {},
  },
};

/**
 * Records on `next` that the manager now owns what it changed. `live` is what it replaces: for a creation,
 * the empty object of the kind, so that fields which are always there are nobody's. An object whose managers were reset
 * has none until something is applied to it.
 */
export function recordUpdate(live: ApiObject, next: ApiObject, change: Change): void {
  const managers = new Managers(managersBefore(live, next, change));
  if (managers.isEmpty && live.metadata.uid !== undefined) {
    delete next.metadata.managedFields;
    return;
  }
  const comparison = compareObjects(change, live, next);
  takeFromOthers(managers, change.manager, comparison);
  const before = managers.get(change.manager) ?? {};
  const gained = union(comparison.modified, comparison.added);
  const owned = union(difference(before, comparison.removed), gained);
  managers.set(change.manager, owned, isEmpty(gained) ? undefined : change.time);
  setManagedFields(next, managers);
}

/** Clients may change managers by hand, but not through a subresource; what they cannot mean is ignored. */
function managersBefore(
  { metadata: live }: ApiObject,
  { metadata: next }: ApiObject,
  { manager }: Change,
): Metadata {
  const given = next.managedFields;
  if (given === undefined || manager.subresource !== undefined) return live;
  const [first] = given;
  const reset = first === undefined || (given.length === 1 && Object.values(first).every(isNothing));
  if (reset) return { ...next, managedFields: [] };
  const valid = given.every(
    ({ operation, fieldsType, fieldsV1 }) =>
      (operation === 'Apply' || operation === 'Update') && fieldsType === 'FieldsV1' && isFieldSet(fieldsV1),
  );
  return valid ? next : live;
}

function isNothing(value: unknown): boolean {
  return value === undefined || value === '' || (isObject(value) && Object.keys(value).length === 0);
}

/** Compares all but what the server keeps for itself, and what the request cannot change. */
export function compareObjects({ schema, ignored }: Change, before: ApiObject, after: ApiObject): Comparison {
  const { added, modified, removed } = compare(schema, before, after);
  const counted = (set: FieldsV1): FieldsV1 => recursiveDifference(difference(set, SERVER_FIELDS), ignored);
  return { added: counted(added), modified: counted(modified), removed: counted(removed) };
}

/** A field that somebody else changed or removed is not theirs any more. */
export function takeFromOthers(
  managers: Managers,
  manager: Manager,
  { added, modified, removed }: Comparison,
): void {
  const lost = union(union(added, modified), removed);
  for (const entry of managers.others(manager)) {
    if (!isEmpty(intersection(entry.fieldsV1, lost)))
      managers.replace(entry, difference(entry.fieldsV1, lost));
  }
}

/** What an applied configuration owns: all that it sets but the server's metadata. */
export function withoutServerFields(set: FieldsV1): FieldsV1 {
  return difference(set, SERVER_FIELDS);
}

export function setManagedFields(object: ApiObject, managers: Managers): void {
  const entries = managers.toJson();
  if (entries === undefined) delete object.metadata.managedFields;
  else object.metadata.managedFields = entries;
}
