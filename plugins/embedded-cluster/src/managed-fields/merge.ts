import { isObject, own, type JsonObject } from '../json.ts';
import type { ListSchema, Schema } from '../schema/schema.ts';
import { fieldSchema, itemsOf, shapeOf } from './typed-value.ts';

/** The live value with everything set that the applied one sets. Nothing of either is changed. */
export function merge(schema: Schema, live: unknown, applied: unknown): unknown {
  if (applied === undefined) return live;
  if (live === undefined || applied === null) return applied;
  const shape = shapeOf(schema, applied, live);
  if (shape.kind === 'fields' && isObject(applied)) {
    const result: JsonObject = isObject(live) ? { ...live } : {};
    for (const name of Object.keys(applied)) {
      const field = fieldSchema(shape.schema, name);
      if (field !== undefined) result[name] = merge(field.schema, own(result, name), applied[name]);
    }
    return result;
  }
  if (shape.kind === 'items' && Array.isArray(applied)) return mergeItems(shape.schema, live, applied);
  return applied;
}

/**
 * Items of both. Applied items keep the order in which they are applied, items that are only live the order and
 * the neighbours that they have.
 */
function mergeItems(schema: ListSchema, live: unknown, applied: readonly unknown[]): unknown[] {
  const left = itemsOf(schema, live);
  const right = itemsOf(schema, applied);
  const leftOrder = [...left.keys()];
  const rightOrder = [...right.keys()];
  const shared = rightOrder.filter((element) => left.has(element));
  const taken = new Set<string>();
  const result: unknown[] = [];
  const take = (element: string): void => {
    result.push(merge(schema.items, left.get(element), right.get(element)));
    taken.add(element);
    if (shared[0] === element) shared.shift();
  };
  for (let l = 0, r = 0; l < leftOrder.length || r < rightOrder.length;) {
    const ours = leftOrder[l];
    const theirs = rightOrder[r];
    if (ours !== undefined && ours === theirs) {
      take(ours);
      l++;
      r++;
    } else if (ours !== undefined && !right.has(ours)) {
      take(ours);
      l++;
    } else if (ours !== undefined && (taken.has(ours) || (theirs !== undefined && shared[0] !== ours))) {
      l++; // it comes, or came, where the applied order wants it
    } else if (theirs !== undefined) {
      take(theirs);
      r++;
    } else {
      l++;
    }
  }
  return result;
}
