import { invalid, type FieldError } from '../schema/field-error.ts';
import { labelValue, qualifiedName } from '../schema/names.ts';

/** All annotations of an object together, in bytes. */
const MAX_ANNOTATIONS = 256 * 1024;

export function validateLabels(
  labels: Readonly<Record<string, unknown>>,
  path: string,
): readonly FieldError[] {
  return Object.entries(labels).flatMap(([key, value]) => [
    ...qualifiedName(key).map((complaint) => invalid(path, key, complaint)),
    ...labelValue(String(value)).map((complaint) => invalid(path, value, complaint)),
  ]);
}

export function validateAnnotations(
  annotations: Readonly<Record<string, string>>,
  path: string,
): readonly FieldError[] {
  const entries = Object.entries(annotations);
  const errors: FieldError[] = entries.flatMap(([key]) =>
    qualifiedName(key.toLowerCase()).map((complaint) => invalid(path, key, complaint)),
  );
  const size = entries.reduce(
    (sum, [key, value]) => sum + Buffer.byteLength(key) + Buffer.byteLength(value),
    0,
  );
  if (size > MAX_ANNOTATIONS) {
    errors.push({
      reason: 'FieldValueTooLong',
      field: path,
      message: `Too long: may not be more than ${MAX_ANNOTATIONS} bytes`,
    });
  }
  return errors;
}
