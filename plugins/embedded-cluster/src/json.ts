/** A JSON object of unknown content. */
export type JsonObject = Record<string, unknown>;

/** How deeply a document may be nested: more is more than a stack can take, and nobody means it. */
export const MAX_DEPTH = 1000;

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A field by a name that a client chose: `constructor` is not there unless somebody put it there. */
export function own<T>(object: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(object, name) ? object[name] : undefined;
}

/** The value at `path`, or undefined when something on the way is no object. */
export function at(value: unknown, ...path: readonly string[]): unknown {
  let current = value;
  for (const name of path) {
    if (!isObject(current)) return undefined;
    current = current[name];
  }
  return current;
}

/** The object at `path`, or an empty one: for reading only. */
export function objectAt(value: unknown, ...path: readonly string[]): Readonly<JsonObject> {
  const found = at(value, ...path);
  return isObject(found) ? found : {};
}

/** The objects of the list at `path`; none when it is no list. */
export function objectsAt(value: unknown, ...path: readonly string[]): readonly JsonObject[] {
  const found = at(value, ...path);
  return Array.isArray(found) ? found.filter(isObject) : [];
}

/** The string at `path`. */
export function stringAt(value: unknown, ...path: readonly string[]): string | undefined {
  const found = at(value, ...path);
  return typeof found === 'string' ? found : undefined;
}

/** The number at `path`. */
export function numberAt(value: unknown, ...path: readonly string[]): number | undefined {
  const found = at(value, ...path);
  return typeof found === 'number' ? found : undefined;
}

/** A deep copy of a JSON value. */
export function copy<T>(value: T): T {
  if (Array.isArray(value)) return value.map(copy) as T;
  if (!isObject(value)) return value;
  const result: JsonObject = {};
  for (const name of Object.keys(value)) if (name !== '__proto__') result[name] = copy(value[name]);
  return result as T;
}

/** True when a JSON value has objects and lists in more than so many levels: who walks it may run out of stack. */
export function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return levels === 0 || Object.values(value).some((inner) => isDeeper(inner, levels - 1));
}

/** Deep equality of JSON values; a field that is undefined equals an absent one. */
export function equal(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (Array.isArray(a)) {
    return Array.isArray(b) && a.length === b.length && a.every((item, index) => equal(item, b[index]));
  }
  if (!isObject(a) || !isObject(b)) return false;
  for (const name of Object.keys(a)) if (!equal(a[name], b[name])) return false;
  for (const name of Object.keys(b)) if (b[name] !== undefined && !Object.hasOwn(a, name)) return false;
  return true;
}

/** The object without some of its fields. */
export function without<T extends object, K extends string>(object: T, ...names: readonly K[]): Omit<T, K> {
  const result: JsonObject = {};
  for (const [name, value] of Object.entries(object)) if (!names.includes(name as K)) result[name] = value;
  return result as Omit<T, K>;
}

/** Text for a message: what a string is, JSON of everything else. */
export function textOf(value: unknown): string {
  if (value === undefined || value === null) return '';
  return typeof value === 'string' ? value : JSON.stringify(value);
}
