import type { Resource } from '../registry/resource.ts';
import { inVersion } from '../registry/version.ts';
import type { StoredObject } from '../storage/stored-object.ts';
import { StatusError } from '../status.ts';
import type { MediaType } from './media-type.ts';

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
export function metadataJson(stored: StoredObject, version: MediaType['version'] = 'v1'): string {
  return `{"kind":"PartialObjectMetadata","apiVersion":"meta.k8s.io/${version}","metadata":${JSON.stringify(stored.object.metadata)}}`;
}

/** Fails with 406: an object was asked for as the metadata of a list, or a list as that of an object. */
export function wrongMetadata(resource: Resource, wanted: 'object' | 'list'): StatusError {
  const group = resource.group === '' ? 'core' : (resource.group.split('.')[0] ?? '');
  const kind = wanted === 'object' ? resource.listKind : resource.kind;
  const type =
    resource.custom === undefined
      ? `*${group}.${kind}`
      : `*unstructured.Unstructured${wanted === 'object' ? 'List' : ''}`;
  const [asked, is] =
    wanted === 'object'
      ? ['PartialObjectMetadata', 'is a list']
      : ['PartialObjectMetadataList', 'is not a list'];
  return new StatusError(
    406,
    'NotAcceptable',
    `you requested ${asked}, but the requested object ${is} (${type})`,
  );
}
