import jsonPatch, { type Operation } from 'fast-json-patch';
import { StatusError } from '../api/status.ts';
import { copy, isObject } from '../json.ts';

/** More operations than this are refused: each may copy the whole object. */
const MAX_OPERATIONS = 10_000;

/** JSON Patch, RFC 6902. Fails with 422 when an operation cannot be done, 400 when it is none. */
export function applyJsonPatch(target: unknown, patch: unknown): unknown {
  if (!Array.isArray(patch) || !patch.every(isObject)) {
    throw new StatusError(
      400,
      'BadRequest',
      'error decoding patch: json: cannot unmarshal object into Go value of type jsonpatch.Patch',
    );
  }
  if (patch.length > MAX_OPERATIONS) {
    throw new StatusError(
      413,
      'RequestEntityTooLarge',
      `Request entity too large: The allowed maximum operations in a JSON patch is ${MAX_OPERATIONS}, got ${patch.length}`,
    );
  }
  try {
    return jsonPatch.applyPatch(copy(target), patch as unknown as Operation[], true, true, true).newDocument;
  } catch {
    throw new StatusError(
      422,
      'Invalid',
      'the server rejected our request due to an error in our request',
      {},
    );
  }
}
