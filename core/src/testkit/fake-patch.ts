import { kubeError } from '../kube/kube-error.ts';
import type { PatchBody } from '../ports/kube.ts';
import { isJson, itemKey, type Json, listKeys, sameJson, without } from './fake-json.ts';

/** The object that a patch makes of another one; neither is changed. Fails as an API server does. */
export function patched(object: Json, body: PatchBody): Json {
  if (body.type === 'merge') return mergePatch(object, body.patch) as Json;
  if (body.type === 'strategic') return strategicPatch(object, body.patch);
  return jsonPatch(object, body.patch as unknown as readonly Operation[]);
}

/** RFC 7386. */
function mergePatch(target: unknown, patch: unknown): unknown {
  if (!isJson(patch)) return patch;
  const removed = Object.keys(patch).filter((key) => patch[key] === null);
  const result = without(isJson(target) ? target : {}, ...removed);
  for (const [key, value] of Object.entries(patch)) {
    if (value !== null) result[key] = mergePatch(result[key], value);
  }
  return result;
}

function strategicPatch(target: Json, patch: Json): Json {
  const { $patch: directive, ...changes } = patch;
  if (directive === 'replace') return changes;
  const isRemoved = (value: unknown): boolean =>
    value === null || (isJson(value) && value['$patch'] === 'delete');
  const result = without(target, ...Object.keys(changes).filter((key) => isRemoved(changes[key])));
  for (const [key, value] of Object.entries(changes)) {
    if (isRemoved(value)) continue;
    if (key.startsWith('$deleteFromPrimitiveList/')) {
      const field = key.slice(key.indexOf('/') + 1);
      const gone = value as unknown[];
      result[field] = ((result[field] ?? []) as unknown[]).filter((entry) => !gone.includes(entry));
    } else if (key.startsWith('$'))
      continue; // orders and retained keys: nothing that a reader of the fake sees
    else if (isJson(value)) result[key] = strategicPatch(isJson(target[key]) ? target[key] : {}, value);
    else if (Array.isArray(value)) result[key] = strategicList(key, target[key], value as unknown[]);
    else result[key] = value;
  }
  return result;
}

function strategicList(field: string, target: unknown, patch: readonly unknown[]): unknown[] {
  const present = Array.isArray(target) ? (target as unknown[]) : [];
  if (field === 'finalizers') return [...new Set([...present, ...patch])];
  const changes = patch.filter((item) => !(isJson(item) && item['$patch'] === 'replace'));
  const replaced = changes.length < patch.length;
  const keys = replaced ? undefined : listKeys(field, [present, patch]);
  if (keys === undefined) return changes;
  let result = [...present];
  for (const item of changes as Json[]) {
    const index = result.findIndex((entry) => itemKey(entry, keys) === itemKey(item, keys));
    if (item['$patch'] === 'delete') result = result.filter((_, position) => position !== index);
    else if (index === -1) result.push(item);
    else result[index] = strategicPatch(result[index] as Json, item);
  }
  return result;
}

interface Operation {
  readonly op: 'add' | 'remove' | 'replace' | 'move' | 'copy' | 'test';
  readonly path: string;
  readonly from?: string;
  readonly value?: unknown;
}

/** RFC 6902. */
function jsonPatch(object: Json, operations: readonly Operation[]): Json {
  const root: Json = { root: structuredClone(object) };
  for (const { op, path, from = '', value } of operations) {
    if (op === 'test') {
      if (!sameJson(read(root, path), value)) throw refused(`testing path ${path} value failed`);
    } else if (op === 'remove') remove(root, path);
    else if (op === 'add') add(root, path, structuredClone(value));
    else if (op === 'replace') {
      remove(root, path);
      add(root, path, structuredClone(value));
    } else if (op === 'copy') add(root, path, structuredClone(read(root, from)));
    else {
      const moved = read(root, from);
      remove(root, from);
      add(root, path, moved);
    }
  }
  return root['root'] as Json;
}

function refused(message: string): Error {
  return kubeError({ code: 422, reason: 'Invalid', message: `the server rejected our request: ${message}` });
}

/** The container of a path's last step, and that step. */
function locate(root: Json, pointer: string): { readonly parent: Json | unknown[]; readonly key: string } {
  const steps = ['root', ...pointer.split('/').slice(1)].map((step) =>
    step.replaceAll('~1', '/').replaceAll('~0', '~'),
  );
  const key = steps.pop() ?? '';
  let parent: unknown = root;
  for (const step of steps)
    parent = isJson(parent) || Array.isArray(parent) ? (parent as Json)[step] : undefined;
  if (!isJson(parent) && !Array.isArray(parent)) throw refused(`path ${pointer} does not exist`);
  return { parent, key };
}

function read(root: Json, pointer: string): unknown {
  const { parent, key } = locate(root, pointer);
  return (parent as Json)[key];
}

function remove(root: Json, pointer: string): void {
  const { parent, key } = locate(root, pointer);
  if (!(key in parent)) throw refused(`remove operation does not apply: ${pointer} does not exist`);
  if (Array.isArray(parent)) parent.splice(Number(key), 1);
  else Reflect.deleteProperty(parent, key);
}

function add(root: Json, pointer: string, value: unknown): void {
  const { parent, key } = locate(root, pointer);
  if (!Array.isArray(parent)) parent[key] = value;
  else parent.splice(key === '-' ? parent.length : Number(key), 0, value);
}
