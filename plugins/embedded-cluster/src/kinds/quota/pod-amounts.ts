import { objectAt, objectsAt, type JsonObject } from '../../json.ts';
import { compareQuantities, formatQuantity, parseQuantity } from '../../schema/quantity.ts';

/** Amounts by resource name: canonical quantities. */
export type Amounts = Readonly<Record<string, string>>;

/**
 * What a pod asks for as a whole, of "requests" or "limits": its containers and sidecars together, or the most that an
 * init container asks for beside the sidecars before it, whichever is more.
 */
export function podAmounts(spec: Readonly<JsonObject>, of: 'requests' | 'limits'): Amounts {
  const own = (container: JsonObject): Amounts => objectAt(container, 'resources', of) as Amounts;
  let sidecars: Amounts = {};
  let starting: Amounts = {};
  for (const container of objectsAt(spec, 'initContainers')) {
    if (container['restartPolicy'] === 'Always') sidecars = sum(sidecars, own(container));
    starting = most(
      starting,
      container['restartPolicy'] === 'Always' ? sidecars : sum(sidecars, own(container)),
    );
  }
  return most(objectsAt(spec, 'containers').map(own).reduce(sum, sidecars), starting);
}

/** Name by name. */
export function sum(a: Amounts, b: Amounts): Amounts {
  return combined(a, b, (x, y) => {
    const [left, right] = [parseQuantity(x), parseQuantity(y)];
    const format = (left?.nano === 0n ? undefined : left?.format) ?? right?.format ?? 'decimal';
    return formatQuantity({ nano: (left?.nano ?? 0n) + (right?.nano ?? 0n), format });
  });
}

function most(a: Amounts, b: Amounts): Amounts {
  return combined(a, b, (x, y) => (compareQuantities(x, y) >= 0 ? x : y));
}

function combined(a: Amounts, b: Amounts, both: (x: string, y: string) => string): Amounts {
  const result: Record<string, string> = { ...a };
  for (const [name, amount] of Object.entries(b)) {
    const other = a[name];
    result[name] = other === undefined ? amount : both(other, amount);
  }
  return result;
}
