import { randomBytes, randomUUID } from 'node:crypto';
import { validateAnnotations, validateLabels } from '../kinds/metadata.ts';
import { forbidden, invalid, required, type FieldError } from '../schema/field-error.ts';
import { dnsSubdomain, qualifiedName } from '../schema/names.ts';
import type { ApiObject, Metadata } from '../storage/api-object.ts';
import { equal } from '../json.ts';
import type { Request } from './request.ts';
import type { Resource } from './resource.ts';

const NAME_LETTERS = 'bcdfghjklmnpqrstvwxz2456789';
const SUFFIX_LENGTH = 5;
const MAX_NAME = 63;

/** A name that begins with `base`, cut so that the whole is a label. */
export function generatedName(base: string): string {
  const suffix = [...randomBytes(SUFFIX_LENGTH)]
    .map((byte) => NAME_LETTERS.charAt(byte % NAME_LETTERS.length))
    .join('');
  return `${base.slice(0, MAX_NAME - SUFFIX_LENGTH)}${suffix}`;
}

/** Gives a new object what only the server gives. */
export function fillNewMetadata(
  metadata: Metadata,
  resource: Resource,
  namespace: string,
  time: string,
): void {
  if (resource.namespaced) metadata.namespace = namespace;
  else delete metadata.namespace;
  metadata.uid = randomUUID();
  metadata.creationTimestamp = time;
  delete metadata.resourceVersion;
  delete metadata.deletionTimestamp;
  delete metadata.deletionGracePeriodSeconds;
  delete metadata.selfLink;
  if (resource.rules.generations !== undefined) metadata.generation = 1;
  else delete metadata.generation;
}

/** An owner that is named twice in the same words is named once, and the client is told. */
export function dropRepeatedOwners(metadata: Metadata, request: Pick<Request, 'warn'>, when: string): void {
  const { ownerReferences = [] } = metadata;
  if (ownerReferences.length < 2) return;
  const repeated = ownerReferences.filter((owner, index) =>
    ownerReferences.slice(0, index).some((other) => equal(other, owner)),
  );
  if (repeated.length === 0) return;
  metadata.ownerReferences = ownerReferences.filter((owner) => !repeated.includes(owner));
  request.warn(
    `.metadata.ownerReferences contains duplicate entries${when}; API server dedups owner references in 1.20+, and may reject such requests as early as 1.24; please fix your requests; duplicate UID(s) observed: ${repeated.map(({ uid }) => uid).join(', ')}`,
  );
}

/** An update cannot change what the server gave. */
export function keepServerMetadata(next: Metadata, current: Metadata): void {
  for (const name of [
    'uid',
    'creationTimestamp',
    'deletionTimestamp',
    'deletionGracePeriodSeconds',
    'generation',
    'generateName',
    'resourceVersion',
  ] as const) {
    if (current[name] === undefined) Reflect.deleteProperty(next, name);
    else Object.assign(next, { [name]: current[name] });
  }
  next.name = current.name;
  if (current.namespace !== undefined) next.namespace = current.namespace;
  delete next.selfLink;
}

/** Findings in the metadata of any object. */
export function validateMetadata(resource: Resource, { metadata }: ApiObject): readonly FieldError[] {
  const { name, generateName, labels, annotations, finalizers, ownerReferences } = metadata;
  const rule = resource.rules.nameRule ?? dnsSubdomain;
  const errors: FieldError[] = [];
  if (name === '') errors.push(required('metadata.name', 'name or generateName is required'));
  else errors.push(...rule(name).map((complaint) => invalid('metadata.name', name, complaint)));
  if (generateName !== undefined && generateName !== '' && name === '') {
    errors.push(
      ...rule(`${generateName.replace(/-$/, '')}a`).map((complaint) =>
        invalid('metadata.generateName', generateName, complaint),
      ),
    );
  }
  if (labels !== undefined) errors.push(...validateLabels(labels, 'metadata.labels'));
  if (annotations !== undefined) errors.push(...validateAnnotations(annotations, 'metadata.annotations'));
  finalizers?.forEach((finalizer, index) => {
    const at = `metadata.finalizers[${index}]`;
    errors.push(
      ...qualifiedName(finalizer).map((complaint) => invalid('metadata.finalizers', finalizer, complaint)),
    );
    if (
      !finalizer.includes('/') &&
      !['orphan', 'foregroundDeletion', 'kubernetes'].includes(finalizer) &&
      !finalizer.includes('.')
    ) {
      errors.push(
        invalid(at, finalizer, 'name is neither a standard finalizer name nor is it fully qualified'),
      );
    }
  });
  ownerReferences?.forEach((reference, index) => {
    for (const field of ['apiVersion', 'kind', 'name', 'uid'] as const) {
      if (!reference[field])
        errors.push(
          invalid(`metadata.ownerReferences[${index}].${field}`, reference[field], 'must not be empty'),
        );
    }
  });
  if ((ownerReferences?.filter(({ controller }) => controller === true).length ?? 0) > 1) {
    errors.push(
      invalid(
        'metadata.ownerReferences',
        ownerReferences,
        'Only one reference can have Controller set to true',
      ),
    );
  }
  return errors;
}

/** Findings in a change of metadata. */
export function validateMetadataUpdate(next: Metadata, current: Metadata): readonly FieldError[] {
  if (current.deletionTimestamp === undefined) return [];
  const added = (next.finalizers ?? []).filter(
    (finalizer) => !(current.finalizers ?? []).includes(finalizer),
  );
  if (added.length === 0) return [];
  const list = added.map((finalizer) => JSON.stringify(finalizer)).join(', ');
  return [
    forbidden(
      'metadata.finalizers',
      `no new finalizers can be added if the object is being deleted, found new finalizers []string{${list}}`,
    ),
  ];
}
