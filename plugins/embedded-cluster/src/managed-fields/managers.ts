import type { FieldsV1, ManagedFieldsEntry, Metadata } from '../storage/api-object.ts';
import { isEmpty, union } from './field-set.ts';

/** Who does something: the identity of an entry in managedFields. */
export interface Manager {
  readonly manager: string;
  readonly operation: 'Apply' | 'Update';
  /** The version that the request used. */
  readonly apiVersion: string;
  readonly subresource?: string;
}

/** Owned fields by manager. */
export class Managers {
  readonly #entries = new Map<string, ManagedFieldsEntry & { fieldsV1: FieldsV1 }>();

  constructor(metadata: Metadata) {
    for (const entry of metadata.managedFields ?? []) {
      this.#entries.set(keyOf(entry), { ...entry, fieldsV1: entry.fieldsV1 ?? {} });
    }
  }

  get isEmpty(): boolean {
    return this.#entries.size === 0;
  }

  get(manager: Manager): FieldsV1 | undefined {
    return this.#entries.get(keyOf(manager))?.fieldsV1;
  }

  /** All, or all but one. */
  others(manager?: Manager): readonly (ManagedFieldsEntry & { readonly fieldsV1: FieldsV1 })[] {
    const except = manager && keyOf(manager);
    return [...this.#entries].filter(([key]) => key !== except).map(([, entry]) => entry);
  }

  /** Sets what a manager owns; nothing removes the entry. The time is kept when there is none. */
  set(manager: Manager, fields: FieldsV1, time?: string): void {
    const key = keyOf(manager);
    const kept = time ?? this.#entries.get(key)?.time;
    if (isEmpty(fields)) {
      this.#entries.delete(key);
      return;
    }
    this.#entries.set(key, {
      manager: manager.manager,
      operation: manager.operation,
      apiVersion: manager.apiVersion,
      ...(kept === undefined ? {} : { time: kept }),
      fieldsType: 'FieldsV1',
      fieldsV1: fields,
      ...(manager.subresource === undefined ? {} : { subresource: manager.subresource }),
    });
  }

  /** As `set`, for an entry that came from here. */
  replace(entry: ManagedFieldsEntry, fields: FieldsV1): void {
    this.set(asManager(entry), fields);
  }

  /** The entries as they are written: appliers first, then by time and name, as the real one orders them. */
  toJson(): ManagedFieldsEntry[] | undefined {
    const entries = capUpdaters([...this.#entries.values()]).sort(order);
    return entries.length === 0 ? undefined : entries;
  }
}

/** More updaters than this are folded into one, or an object that a hundred programs touch grows without end. */
const MAX_UPDATERS = 10;

function capUpdaters(entries: readonly ManagedFieldsEntry[]): ManagedFieldsEntry[] {
  const updaters = entries.filter(({ operation }) => operation === 'Update');
  if (updaters.length <= MAX_UPDATERS) return [...entries];
  const old = updaters.sort(order).slice(0, updaters.length - MAX_UPDATERS + 1);
  const folded = new Map<string, ManagedFieldsEntry>();
  for (const entry of old) {
    const apiVersion = entry.apiVersion ?? '';
    folded.set(apiVersion, {
      ...entry,
      manager: 'ancient-changes',
      fieldsV1: union(folded.get(apiVersion)?.fieldsV1 ?? {}, entry.fieldsV1 ?? {}),
    });
  }
  return [...entries.filter((entry) => !old.includes(entry)), ...folded.values()];
}

function order(a: ManagedFieldsEntry, b: ManagedFieldsEntry): number {
  const keys = [
    [a.operation, b.operation],
    [a.time ?? '', b.time ?? ''],
    [a.manager, b.manager],
    [a.apiVersion, b.apiVersion],
    [a.subresource ?? '', b.subresource ?? ''],
  ] as const;
  for (const [left = '', right = ''] of keys) if (left !== right) return left < right ? -1 : 1;
  return 0;
}

function asManager(entry: ManagedFieldsEntry): Manager {
  return {
    manager: entry.manager ?? '',
    operation: entry.operation ?? 'Update',
    apiVersion: entry.apiVersion ?? '',
    ...(entry.subresource === undefined ? {} : { subresource: entry.subresource }),
  };
}

/** An applier is the same in every version; an updater is one for each. */
function keyOf({ manager, operation, apiVersion, subresource }: ManagedFieldsEntry): string {
  return JSON.stringify([
    operation,
    manager ?? '',
    operation === 'Apply' ? '' : apiVersion,
    subresource ?? '',
  ]);
}
