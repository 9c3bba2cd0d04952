import type { CollectionRef, CustomResourceDefinition, Informer, Informers } from '@epinio/core';
import { Catalog } from '../../registry/catalog.ts';

/** A kind whose objects can be listed, watched and deleted. */
export interface KnownKind extends CollectionRef {
  readonly namespaced: boolean;
}

const NEEDED = ['list', 'watch', 'delete'];
/** Made and forgotten in great numbers; they own nothing and nobody owns them. */
const WITHOUT_OWNERS = new Set(['Event', 'Lease']);

/** The built-in kinds that can be listed, watched and deleted. One version a kind: they show the same objects. */
export function builtInKinds(): readonly KnownKind[] {
  const kinds = new Map<string, KnownKind>();
  for (const { apiVersion, kind, namespaced, verbs, collection } of new Catalog().all()) {
    if (NEEDED.every((verb) => verbs.includes(verb)) && !kinds.has(collection))
      kinds.set(collection, { apiVersion, kind, namespaced });
  }
  return [...kinds.values()];
}

/** Of those, the ones that can be owned or own. */
export function ownableKinds(): readonly KnownKind[] {
  return builtInKinds().filter(({ kind }) => !WITHOUT_OWNERS.has(kind));
}

/** The kinds that a definition makes: its stored version. */
export function customKind({ spec }: CustomResourceDefinition): KnownKind | undefined {
  const version =
    spec.versions.find(({ served, storage }) => served && storage) ??
    spec.versions.find(({ served }) => served);
  if (version === undefined) return undefined;
  return {
    apiVersion: `${spec.group}/${version.name}`,
    kind: spec.names.kind,
    namespaced: spec.scope === 'Namespaced',
  };
}

/** Live definitions of custom kinds. */
export function openDefinitions(informers: Informers): Informer<CustomResourceDefinition> {
  return informers.open<CustomResourceDefinition>({
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
  });
}
