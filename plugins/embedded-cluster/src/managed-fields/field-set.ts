import { isObject, without } from '../json.ts';
import type { FieldsV1 } from '../storage/api-object.ts';

/*
 * A set of paths is kept in the form that it has in managedFields: a node that is empty or holds "." is in the set,
 * other names are path elements that lead on. So reading and writing managedFields costs nothing.
 */

/** One step of a path: "f:spec", `k:{"name":"web"}`, `v:"a"`. */
export type PathElement = string;

/** True when the path that leads to this node is in the set. */
export function isMember(node: FieldsV1): boolean {
  if ('.' in node) return true;
  for (const _ in node) return false;
  return true;
}

/** True for what is a set: clients may write managedFields, and what they write is read again at the next change. */
export function isFieldSet(value: unknown): value is FieldsV1 {
  return (
    isObject(value) &&
    Object.keys(value).every(
      (element) => (element === '.' || isElement(element)) && isFieldSet(value[element]),
    )
  );
}

function isElement(element: string): boolean {
  const value = element.slice(2);
  if (element.startsWith('f:')) return true;
  if (element.startsWith('i:')) return /^-?\d+$/.test(value);
  if (!/^[kv]:/.test(element)) return false;
  try {
    return isObject(JSON.parse(value)) || element.startsWith('v:');
  } catch {
    return false;
  }
}

/** True for a set without paths. */
export function isEmpty(set: FieldsV1): boolean {
  for (const _ in set) return false;
  return true;
}

/** Nodes that `insert` gave something: asking a big object whether it is empty lists all its names, each time. */
const filled = new WeakSet<FieldsV1>();

/** Adds a path, which has at least one element. */
export function insert(set: FieldsV1, path: readonly PathElement[]): void {
  let current = set;
  path.forEach((element, index) => {
    const last = index === path.length - 1;
    const next = current[element];
    if (next === undefined) {
      filled.add(current);
      current = current[element] = {}; // a member when it is the last; otherwise it gets a child at once
      return;
    }
    if (last ? !isMember(next) : !filled.has(next) && isEmpty(next)) next['.'] = {};
    current = next;
  });
}

/** Paths in either. */
export function union(a: FieldsV1, b: FieldsV1): FieldsV1 {
  const result: FieldsV1 = { ...a };
  for (const element of Object.keys(b)) {
    const left = a[element];
    const right = b[element] as FieldsV1;
    result[element] =
      left === undefined ? right : node(isMember(left) || isMember(right), union(inner(left), inner(right)));
  }
  return result;
}

/** Paths in `a` that are not in `b`. */
export function difference(a: FieldsV1, b: FieldsV1): FieldsV1 {
  return combine(a, b, (left, right) => [left && !right, difference]);
}

/** Paths in `a` that are neither in `b` nor below a path in `b`. */
export function recursiveDifference(a: FieldsV1, b: FieldsV1): FieldsV1 {
  return combine(a, b, (left, right) => (right ? [false, undefined] : [left, recursiveDifference]));
}

/** Paths in both. */
export function intersection(a: FieldsV1, b: FieldsV1): FieldsV1 {
  const result: FieldsV1 = {};
  for (const element of Object.keys(a)) {
    const left = a[element] as FieldsV1;
    const right = b[element];
    if (right === undefined) continue;
    if (element === '.') {
      result[element] = {};
      continue;
    }
    put(result, element, isMember(left) && isMember(right), intersection(inner(left), inner(right)));
  }
  return result;
}

/** All paths, each as its elements. */
export function* paths(
  set: FieldsV1,
  prefix: readonly PathElement[] = [],
): Generator<readonly PathElement[]> {
  for (const element of Object.keys(set)) {
    if (element === '.') continue;
    const below = set[element] as FieldsV1;
    const path = [...prefix, element];
    if (isMember(below)) yield path;
    yield* paths(below, path);
  }
}

/** A path as messages show it: `.spec.containers[name="web"].image`. */
export function pathText(path: readonly PathElement[]): string {
  return path
    .map((element) => {
      const value = element.slice(2);
      if (element.startsWith('f:')) return `.${value}`;
      if (element.startsWith('v:')) return `[=${value}]`;
      if (element.startsWith('i:')) return `[${value}]`;
      const keys = JSON.parse(value) as Record<string, unknown>;
      return `[${Object.entries(keys)
        .map(([name, key]) => `${name}=${JSON.stringify(key)}`)
        .join(',')}]`;
    })
    .join('');
}

/** The node without its mark of membership. */
export function inner(node: FieldsV1): FieldsV1 {
  if (!('.' in node)) return node;
  return without(node, '.');
}

/** A node that is a member or not, with what is below it. */
export function node(member: boolean, below: FieldsV1): FieldsV1 {
  return member && !isEmpty(below) ? { '.': {}, ...below } : below;
}

function put(set: FieldsV1, element: PathElement, member: boolean, below: FieldsV1): void {
  if (member || !isEmpty(below)) set[element] = node(member, below);
}

type Recurse = (a: FieldsV1, b: FieldsV1) => FieldsV1;

function combine(
  a: FieldsV1,
  b: FieldsV1,
  decide: (left: boolean, right: boolean) => [boolean, Recurse | undefined],
): FieldsV1 {
  const result: FieldsV1 = {};
  for (const element of Object.keys(a)) {
    const left = a[element] as FieldsV1;
    const right = b[element];
    if (right === undefined) {
      result[element] = left;
      continue;
    }
    const [member, recurse] = decide(isMember(left), isMember(right));
    put(result, element, member, recurse === undefined ? {} : recurse(inner(left), inner(right)));
  }
  return result;
}
