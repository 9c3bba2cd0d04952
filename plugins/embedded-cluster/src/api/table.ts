import { cellsOf } from '../kinds/cells/cells.ts';
import { at } from '../json.ts';
import type { Column, Resource } from '../registry/resource.ts';
import type { ApiObject } from '../storage/api-object.ts';
import type { StoredObject } from '../storage/stored-object.ts';
import { age } from '../kinds/cells/age.ts';
import { metadataJson, objectJson } from './representation.ts';

/** How much of the object a row carries. */
export type IncludeObject = 'Metadata' | 'Object' | 'None';

export interface TableMeta {
  readonly resourceVersion?: string;
  readonly continue?: string;
  readonly remainingItemCount?: number;
}

export interface TableOptions {
  readonly include: IncludeObject;
  /** False for all but the first event of a watch. */
  readonly headers: boolean;
  /** The version of meta.k8s.io. */
  readonly version: 'v1' | 'v1beta1';
}

/** metav1.Table of some objects: what `kubectl get` prints. */
export function tableJson(
  resource: Resource,
  items: readonly StoredObject[],
  metadata: TableMeta,
  options: TableOptions,
): string {
  const now = Date.now();
  const columns = options.headers
    ? `"columnDefinitions":${JSON.stringify(resource.columns.map(definition))},`
    : '"columnDefinitions":null,';
  const rows = items.map((stored) => rowJson(resource, stored, options, now)).join(',');
  return `{"kind":"Table","apiVersion":"meta.k8s.io/${options.version}","metadata":${JSON.stringify(metadata)},${columns}"rows":[${rows}]}`;
}

function definition({ name, type, format, priority, description = '' }: Column): Column {
  return {
    name,
    type,
    format,
    description: description === '' ? descriptionOf(name) : description,
    priority,
  };
}

function descriptionOf(name: string): string {
  if (name === 'Name') return 'Name must be unique within a namespace.';
  return name === 'Age' || name === 'Created At'
    ? 'CreationTimestamp is the time at which the object was made.'
    : name;
}

function rowJson(
  resource: Resource,
  stored: StoredObject,
  { include, version }: TableOptions,
  now: number,
): string {
  const { object } = stored;
  const cells =
    resource.custom === undefined
      ? cellsOf(resource, object, now)
      : resource.columns.map((column) => customCell(column, object, now));
  const shown =
    include === 'Object'
      ? objectJson(resource, stored)
      : include === 'None'
        ? 'null'
        : metadataJson(stored, version);
  return `{"cells":${JSON.stringify(cells)},"object":${shown}}`;
}

function customCell(column: Column, object: ApiObject, now: number): unknown {
  if (column.jsonPath === undefined || column.jsonPath === '') return object.metadata.name;
  const value = valueAt(object, column.jsonPath);
  switch (column.type) {
    case 'date':
      return typeof value === 'string' ? age(value, now) : value === undefined ? null : '<invalid>';
    case 'integer':
    case 'number':
      return typeof value === 'number' ? value : null;
    case 'boolean':
      return typeof value === 'boolean' ? value : null;
    default:
      return value === undefined ? null : typeof value === 'string' ? value : JSON.stringify(value);
  }
}

/**
 * The simple JSON paths that printer columns use: names, `['quoted']`, indexes, `[*]`, and a filter for equality
 * `[?(@.type=="Ready")]`. The first value that is found.
 */
export function valueAt(object: unknown, path: string): unknown {
  const steps = path.matchAll(
    /\.?([A-Za-z0-9_$-]+(?:\\\.[A-Za-z0-9_$-]+)*)|\[['"]([^'"]+)['"]\]|\[(\d+|\*)\]|\[\?\(@\.([\w.]+)\s*==\s*['"]([^'"]*)['"]\)\]/g,
  );
  let found: readonly unknown[] = [object];
  for (const [, name, quoted, index, field, wanted] of steps) {
    if (field !== undefined) {
      found = found.flatMap(itemsOf).filter((item) => at(item, ...field.split('.')) === wanted);
    } else if (index !== undefined) {
      found = found.flatMap((list) =>
        index === '*' ? itemsOf(list) : itemsOf(list).slice(Number(index), Number(index) + 1),
      );
    } else {
      const key = quoted ?? (name ?? '').replaceAll('\\.', '.');
      found = found.map((value) => at(value, key)).filter((value) => value !== undefined);
    }
  }
  return found[0];
}

function itemsOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
