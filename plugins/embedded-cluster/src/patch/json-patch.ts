import { badRequest, StatusError } from '../status.ts';
import { copy, equal, isDeeper, isObject, MAX_DEPTH, own, textOf, type JsonObject } from '../json.ts';

/** More operations than this are refused: each may copy the whole object. */
const MAX_OPERATIONS = 10_000;
/** All that `copy` operations may add, in characters of JSON: a list that is copied into itself doubles each time. */
const MAX_COPIED = 3 * 1024 * 1024;

/**
 * JSON Patch, RFC 6902, as Kubernetes has it: `replace` of a member that is not there adds it.
 * Fails with 400 for what is no patch, 422 when an operation cannot be done.
 */
export function applyJsonPatch(target: unknown, patch: unknown): unknown {
  const operations = operationsOf(patch);
  if (operations.length > MAX_OPERATIONS) {
    const message = `Request entity too large: The allowed maximum operations in a JSON patch is ${MAX_OPERATIONS}, got ${operations.length}`;
    throw new StatusError(413, 'RequestEntityTooLarge', message);
  }
  let document: unknown = copy(target);
  const copied = { size: 0 };
  for (const operation of operations) document = apply(document, operation, copied);
  return isDeeper(document, MAX_DEPTH) ? refuse() : document;
}

function operationsOf(patch: unknown): readonly JsonObject[] {
  if (patch === null) return [];
  if (!Array.isArray(patch)) throw undecodable(patch, 'Go value of type []handlers.jsonPatchOp');
  return patch.map((operation: unknown) => {
    if (!isObject(operation)) throw undecodable(operation, 'Go value of type handlers.jsonPatchOp');
    for (const name of ['op', 'path', 'from']) {
      const value = operation[name] ?? '';
      if (typeof value !== 'string')
        throw undecodable(value, `Go struct field jsonPatchOp.${name} of type string`);
    }
    return operation;
  });
}

function undecodable(value: unknown, wanted: string): StatusError {
  const given = Array.isArray(value) ? 'array' : typeof value === 'boolean' ? 'bool' : typeof value;
  return badRequest(`error decoding patch: json: cannot unmarshal ${given} into ${wanted}`);
}

function apply(document: unknown, operation: JsonObject, copied: { size: number }): unknown {
  const { op, value } = operation;
  const path = pointer(operation['path']);
  switch (op) {
    case 'add':
      if (path.length === 0) return refuse();
      return set(document, path, copy(value), 'insert');
    case 'replace':
      return set(document, path, copy(value), 'replace');
    case 'remove':
      return remove(document, path);
    case 'test':
      if (!equal(valueAt(document, path), value ?? null)) refuse();
      return document;
    case 'move': {
      const from = pointer(operation['from']);
      const moved = get(document, from);
      return set(remove(document, from), path, moved, 'insert');
    }
    case 'copy': {
      const value = get(document, pointer(operation['from']));
      if (isDeeper(value, MAX_DEPTH)) return refuse();
      copied.size += JSON.stringify(value).length;
      return copied.size > MAX_COPIED ? refuse() : set(document, path, copy(value), 'insert');
    }
    default:
      return refuse();
  }
}

/** RFC 6901. */
function pointer(text: unknown): readonly string[] {
  const path = textOf(text);
  if (path === '') return [];
  if (!path.startsWith('/')) return refuse();
  return path
    .slice(1)
    .split('/')
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
}

/** What a `test` sees: of an object, a member that is not there is null. */
function valueAt(document: unknown, path: readonly string[]): unknown {
  const last = path.at(-1);
  if (last === undefined) return document;
  const parent = get(document, path.slice(0, -1));
  return isObject(parent) ? (member(parent, last) ?? null) : get(document, path);
}

function get(document: unknown, path: readonly string[]): unknown {
  let current = document;
  for (const part of path) {
    const next = Array.isArray(current)
      ? (current[indexOf(part, current.length - 1)] as unknown)
      : member(current, part);
    if (next === undefined) return refuse();
    current = next;
  }
  return current;
}

function set(
  document: unknown,
  path: readonly string[],
  value: unknown,
  list: 'insert' | 'replace',
): unknown {
  const last = path.at(-1);
  if (last === undefined) return value;
  const parent = get(document, path.slice(0, -1));
  if (Array.isArray(parent)) {
    const index =
      last === '-' && list === 'insert'
        ? parent.length
        : indexOf(last, list === 'insert' ? parent.length : parent.length - 1);
    parent.splice(index, list === 'insert' ? 0 : 1, value);
  } else if (isObject(parent) && last !== '__proto__') {
    parent[last] = value;
  } else {
    refuse();
  }
  return document;
}

function remove(document: unknown, path: readonly string[]): unknown {
  const last = path.at(-1);
  if (last === undefined) return refuse();
  const parent = get(document, path.slice(0, -1));
  if (Array.isArray(parent)) parent.splice(indexOf(last, parent.length - 1), 1);
  else if (member(parent, last) === undefined) refuse();
  else Reflect.deleteProperty(parent as JsonObject, last);
  return document;
}

function member(value: unknown, name: string): unknown {
  return isObject(value) ? own(value, name) : undefined;
}

/** An index of a list; negative ones count from the end. */
function indexOf(text: string, maximum: number): number {
  if (!/^-?\d{1,9}$/.test(text)) return refuse();
  const index = Number(text) < 0 ? maximum + 1 + Number(text) : Number(text);
  return index < 0 || index > maximum ? refuse() : index;
}

function refuse(): never {
  throw new StatusError(422, 'Invalid', 'the server rejected our request due to an error in our request', {});
}
