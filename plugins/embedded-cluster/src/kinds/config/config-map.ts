import { equal, objectAt } from '../../json.ts';
import type { KindRules } from '../../registry/resource.ts';
import { forbidden, invalid, tooLong, type FieldError } from '../../schema/field-error.ts';
import { configKey } from '../../schema/names.ts';
import type { ApiObject } from '../../storage/api-object.ts';

/** All values together, in bytes. */
const MAX_SIZE = 1024 * 1024;

export const configMapRules: KindRules = {
  validate(configMap) {
    const data = objectAt(configMap, 'data');
    const binary = objectAt(configMap, 'binaryData');
    const errors: FieldError[] = [];
    for (const key of Object.keys(data).sort()) {
      errors.push(...configKey(key).map((complaint) => invalid(`data[${key}]`, key, complaint)));
      if (Object.hasOwn(binary, key))
        errors.push(invalid(`data[${key}]`, key, `duplicate of key present in binaryData`));
    }
    for (const key of Object.keys(binary)) {
      errors.push(...configKey(key).map((complaint) => invalid(`binaryData[${key}]`, key, complaint)));
    }
    return [...errors, ...sizeErrors('', data, binary)];
  },
  validateUpdate: (next, current) => immutableData(next, current, ['data', 'binaryData']),
};

/** Values that are too big together; those in base64 count as the bytes that they stand for. */
export function sizeErrors(
  field: string,
  text: Readonly<Record<string, unknown>>,
  base64: Readonly<Record<string, unknown>>,
): readonly FieldError[] {
  const size = (values: Readonly<Record<string, unknown>>, encoding: BufferEncoding): number =>
    Object.values(values).reduce<number>((sum, value) => sum + Buffer.byteLength(String(value), encoding), 0);
  return size(text, 'utf8') + size(base64, 'base64') > MAX_SIZE ? [tooLong(field, MAX_SIZE)] : [];
}

/** `immutable: true` holds for the data and for itself. */
export function immutableData(
  next: ApiObject,
  current: ApiObject,
  fields: readonly string[],
): readonly FieldError[] {
  if (current['immutable'] !== true) return [];
  const errors: FieldError[] = [];
  if (next['immutable'] !== true)
    errors.push(forbidden('immutable', 'field is immutable when `immutable` is set'));
  for (const field of fields) {
    if (!equal(next[field] ?? {}, current[field] ?? {}))
      errors.push(forbidden(field, 'field is immutable when `immutable` is set'));
  }
  return errors;
}
