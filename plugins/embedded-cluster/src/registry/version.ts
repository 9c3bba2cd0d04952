import type { ApiObject } from '../storage/api-object.ts';
import { StoredObject } from '../storage/stored-object.ts';
import type { Resource } from './resource.ts';

/** A stored object as the resource's version shows it. Most versions differ in their name only. */
export function inVersion(resource: Resource, object: ApiObject): ApiObject {
  if (object.apiVersion === resource.apiVersion) return object;
  return resource.rules.stored?.decode(object) ?? { ...object, apiVersion: resource.apiVersion };
}

/** As `inVersion`, for kinds that decide about objects in a form other than the one that is kept. */
export function shownForm(resource: Resource, stored: StoredObject | undefined): StoredObject | undefined {
  if (stored === undefined || resource.rules.stored === undefined) return stored;
  const object = inVersion(resource, stored.object);
  return new StoredObject(stored.key, stored.revision, JSON.stringify(object), object);
}

/** What is written of an object that was decided about in the resource's form. */
export function storedForm(resource: Resource, object: ApiObject): ApiObject {
  return resource.rules.stored?.encode(object) ?? object;
}
