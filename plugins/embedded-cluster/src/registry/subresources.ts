import { copy, isObject, without, type JsonObject } from '../json.ts';
import type { ApiObject } from '../storage/api-object.ts';
import type { Target } from './writer.ts';

/** `next` with everything as it was that a request to this endpoint cannot change. */
export function restoreOthers(
  { resource, subresource }: Target,
  next: ApiObject,
  current: ApiObject,
): ApiObject {
  if (subresource === undefined) {
    if (!resource.subresources.has('status')) return next;
    const rest = without(next, 'status');
    return {
      ...rest,
      ...(current['status'] === undefined ? {} : { status: copy(current['status']) }),
    } as ApiObject;
  }
  if (subresource === 'status') {
    const { metadata, ...rest } = without(copy(current), 'status') as ApiObject;
    const { managedFields } = next.metadata;
    const kept = managedFields === undefined ? metadata : { ...metadata, managedFields };
    return {
      ...rest,
      metadata: resource.custom === undefined ? next.metadata : kept,
      ...(next['status'] === undefined ? {} : { status: next['status'] }),
    };
  }
  if (subresource === 'finalize') {
    const result = copy(current);
    result.metadata = next.metadata;
    const finalizers = isObject(next['spec']) ? next['spec']['finalizers'] : undefined;
    const rest = without((result['spec'] as JsonObject | undefined) ?? {}, 'finalizers');
    result['spec'] = Array.isArray(finalizers) && finalizers.length > 0 ? { ...rest, finalizers } : rest;
    return result;
  }
  return next;
}
