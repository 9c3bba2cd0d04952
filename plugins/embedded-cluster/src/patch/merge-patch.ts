import { isObject, own, type JsonObject } from '../json.ts';

/** JSON Merge Patch, RFC 7386: null removes, objects merge, everything else replaces. */
export function mergePatch(target: unknown, patch: unknown): unknown {
  if (!isObject(patch)) return patch;
  const result: JsonObject = isObject(target) ? { ...target } : {};
  for (const name of Object.keys(patch)) {
    if (name === '__proto__') continue;
    const value = patch[name];
    if (value === null) Reflect.deleteProperty(result, name);
    else result[name] = mergePatch(own(result, name), value);
  }
  return result;
}
