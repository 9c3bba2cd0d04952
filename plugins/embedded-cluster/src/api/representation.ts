import type { Resource } from '../registry/resource.ts';
import { inVersion } from '../registry/version.ts';
import type { StoredObject } from '../storage/stored-object.ts';
import { StatusError } from '../status.ts';

/** How a client wants objects shown. */
export type Representation = 'object' | 'table' | 'metadata';

const ACCEPTABLE = new Set([
  '*/*',
  'application/*',
  'application/json',
  'application/vnd.kubernetes.protobuf',
  '',
]);

/**
 * Chooses by the Accept header: a table for people, metadata only, or whole objects. Answers are JSON in any case: who asks
 * for protobuf takes JSON, too. Fails with 406 for anything else.
 */
export function representationOf(accept: string): Representation {
  if (accept === 'application/json' || accept === '' || accept === '*/*') return 'object';
  for (const part of accept.split(',')) {
    const [type = '', ...parameters] = part.split(';').map((text) => text.trim());
    if (!ACCEPTABLE.has(type)) continue;
    const as = parameters.find((parameter) => parameter.startsWith('as='))?.slice(3);
    if (as === undefined || type === 'application/vnd.kubernetes.protobuf') {
      if (type === 'application/vnd.kubernetes.protobuf' && accept.includes('json')) continue;
      return 'object';
    }
    if (as === 'Table') return 'table';
    if (as === 'PartialObjectMetadata' || as === 'PartialObjectMetadataList') return 'metadata';
  }
  throw new StatusError(
    406,
    'NotAcceptable',
    'only the following media types are accepted: application/json, application/json;as=Table, application/json;as=PartialObjectMetadata',
    {},
  );
}

/** The object's JSON in the version of the resource. */
export function objectJson(resource: Resource, stored: StoredObject): string {
  const mayDiffer = resource.custom !== undefined || resource.rules.stored !== undefined;
  const stale = mayDiffer && stored.object.apiVersion !== resource.apiVersion;
  return stale ? JSON.stringify(inVersion(resource, stored.object)) : stored.json;
}

/** As an item of a list: built-in kinds leave out what the list says already. */
export function itemJson(resource: Resource, stored: StoredObject): string {
  if (resource.custom !== undefined) return objectJson(resource, stored);
  const prefix = `{"kind":"${resource.kind}","apiVersion":"${resource.apiVersion}",`;
  const json = objectJson(resource, stored);
  return json.startsWith(prefix) ? `{${json.slice(prefix.length)}` : json;
}

/** metav1.PartialObjectMetadata of an object. */
export function metadataJson(stored: StoredObject): string {
  return `{"kind":"PartialObjectMetadata","apiVersion":"meta.k8s.io/v1","metadata":${JSON.stringify(stored.object.metadata)}}`;
}
