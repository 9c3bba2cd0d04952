import { at, equal, isObject, without } from '../json.ts';
import { StatusError } from '../status.ts';
import type { ApiObject, FieldsV1, ManagedFieldsEntry } from '../storage/api-object.ts';
import {
  difference,
  intersection,
  isEmpty,
  paths,
  pathText,
  recursiveDifference,
  union,
} from './field-set.ts';
import { Managers } from './managers.ts';
import { merge } from './merge.ts';
import { fieldSetOf, withNamedFields, withoutFields } from './owned-fields.ts';
import {
  compareObjects,
  setManagedFields,
  takeFromOthers,
  withoutServerFields,
  type Change,
} from './update.ts';

interface Conflict {
  readonly entry: ManagedFieldsEntry;
  readonly fields: FieldsV1;
}

export interface ApplyOptions {
  /** Takes over what others own. */
  readonly force: boolean;
  /** An object of the kind with nothing set. */
  readonly empty: ApiObject;
}

/**
 * Server-side apply: the live object with what `applied` sets, without what this manager applied before and does
 * not any more (and nobody else owns). Fails with 409 when others own a field that it would change, unless forced.
 * The answer has its managedFields; defaults are the caller's to set.
 */
export function applyConfiguration(
  live: ApiObject,
  applied: ApiObject,
  change: Change,
  { force, empty }: ApplyOptions,
): ApiObject {
  const { schema, manager } = change;
  const managers = new Managers(live.metadata);
  if (managers.isEmpty && live.metadata.uid !== undefined) claimAll(managers, live, empty, change);
  const last = managers.get(manager);
  const owned = withoutServerFields(recursiveDifference(fieldSetOf(schema, applied), change.ignored));
  const merged = merge(schema, live, applied) as ApiObject;
  managers.set(manager, owned);
  const next = (last === undefined ? merged : prune(change, merged, managers, last)) as ApiObject;
  if (!equal(live, next)) managers.set(manager, owned, change.time); // only a change has a time

  const comparison = compareObjects(change, live, next);
  const changed = union(comparison.modified, comparison.added);
  const conflicts: Conflict[] = [];
  for (const entry of managers.others(manager)) {
    const fields = intersection(entry.fieldsV1, changed);
    if (!isEmpty(fields)) conflicts.push({ entry, fields });
  }
  if (!force && conflicts.length > 0) refuse(live, manager.manager, conflicts);
  takeFromOthers(managers, manager, comparison);

  const result: ApiObject = { ...next, metadata: { ...next.metadata } };
  setManagedFields(result, managers);
  if (manager.manager === 'kubectl') updateLastApplied(result, applied);
  return result;
}

/** What is there before anything is known of its owners belongs to nobody in particular. */
function claimAll(managers: Managers, live: ApiObject, empty: ApiObject, change: Change): void {
  const { added, modified } = compareObjects(change, empty, live);
  const { apiVersion, subresource } = change.manager;
  const manager = {
    manager: 'before-first-apply',
    operation: 'Update',
    apiVersion,
    ...(subresource === undefined ? {} : { subresource }),
  } as const;
  managers.set(manager, union(added, modified), change.time);
}

/** Removes what the manager applied last time and does not now, but for what anybody owns. */
function prune({ schema, manager }: Change, merged: ApiObject, managers: Managers, last: FieldsV1): unknown {
  const named = (set: FieldsV1): FieldsV1 => withNamedFields(schema, undefined, set);
  const all = named(fieldSetOf(schema, merged));
  const first = withoutFields(schema, merged, named(last));
  const left = named(fieldSetOf(schema, first));
  let managed: FieldsV1 = managers.get(manager) ?? {};
  for (const entry of managers.others(manager)) managed = union(managed, entry.fieldsV1);
  // What somebody owns comes back, then what was never this manager's.
  const second = withoutFields(schema, merged, difference(all, union(left, named(managed))));
  const stays = named(fieldSetOf(schema, second));
  return withoutFields(schema, merged, intersection(difference(all, stays), named(last)));
}

const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';

/**
 * A conflict is an error, except that `kubectl apply --server-side` may take over what client-side `kubectl apply`
 * set before, as the annotation of the latter tells.
 */
function refuse(live: ApiObject, manager: string, conflicts: readonly Conflict[]): void {
  if (manager === 'kubectl') {
    const applied = lastApplied(live);
    const left = conflicts.filter(({ fields }) =>
      [...paths(fields)].some((path) => !isCovered(applied, live, path)),
    );
    if (left.length === 0) return;
    conflicts = left;
  }
  throw conflictError(conflicts);
}

/** Keeps the annotation of client-side apply in step, so that people can go back to it. */
function updateLastApplied(result: ApiObject, applied: ApiObject): void {
  if (result.metadata.annotations?.[LAST_APPLIED] === undefined) return;
  const annotations = without(applied.metadata.annotations ?? {}, LAST_APPLIED);
  const metadata = {
    ...without(applied.metadata, 'annotations', 'managedFields'),
    ...(Object.keys(annotations).length === 0 ? {} : { annotations }),
  };
  const text = `${JSON.stringify(sorted({ ...applied, metadata }))}\n`;
  result.metadata.annotations = { ...result.metadata.annotations, [LAST_APPLIED]: text };
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.keys(value)
      .sort()
      .map((name) => [name, sorted(value[name])]),
  );
}

function lastApplied(live: ApiObject): unknown {
  const text = live.metadata.annotations?.[LAST_APPLIED];
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // an annotation that is no JSON tells nothing
  }
}

/** True when the last applied configuration has a field of this name with the live value. */
function isCovered(applied: unknown, live: ApiObject, path: readonly string[]): boolean {
  if (applied === undefined) return false;
  let left: unknown = applied;
  let right: unknown = live;
  for (const element of path) {
    left = child(left, element);
    right = child(right, element);
  }
  return left !== undefined && JSON.stringify(left) === JSON.stringify(right);
}

function child(value: unknown, element: string): unknown {
  if (element.startsWith('f:')) return at(value, element.slice(2));
  if (!Array.isArray(value)) return undefined;
  if (element.startsWith('v:'))
    return value.find((item) => JSON.stringify(item) === element.slice(2)) as unknown;
  const keys = JSON.parse(element.slice(2)) as Record<string, unknown>;
  return value.find(
    (item) => isObject(item) && Object.entries(keys).every(([name, key]) => (item[name] ?? key) === key),
  ) as unknown;
}

function conflictError(conflicts: readonly Conflict[]): StatusError {
  const causes = conflicts
    .flatMap(({ entry, fields }) => {
      const subresource = entry.subresource === undefined ? '' : ` with subresource "${entry.subresource}"`;
      const using = entry.operation === 'Update' ? ` using ${entry.apiVersion ?? ''}` : '';
      const who = `"${entry.manager ?? ''}"${subresource}${using}`;
      return [...paths(fields)].map((path) => ({ who, field: pathText(path) }));
    })
    .sort((a, b) => (a.field < b.field ? -1 : 1));
  return new StatusError(409, 'Conflict', conflictText(causes), {
    causes: causes.map(({ who, field }) => ({
      reason: 'FieldManagerConflict',
      message: `conflict with ${who}`,
      field,
    })),
  });
}

function conflictText(causes: readonly { readonly who: string; readonly field: string }[]): string {
  const [first] = causes;
  if (first !== undefined && causes.length === 1)
    return `Apply failed with 1 conflict: conflict with ${first.who}: ${first.field}`;
  const managers = [...new Set(causes.map(({ who }) => who))].sort().map((who) => {
    const fields = causes.filter((cause) => cause.who === who).map(({ field }) => `\n- ${field}`);
    return `conflicts with ${who}:${fields.join('')}`;
  });
  return `Apply failed with ${causes.length} conflicts: ${managers.join('\n')}`;
}
