import type { KubeObject } from '../../kernel/component.ts';
import type { EpinioError } from '../../kernel/errors.ts';
import { kubeError } from '../../kube/kube-error.ts';
import type { ObjectRef } from '../../ports/kube.ts';
import type { Resource } from './discovery.ts';

/**
 * Of a collection, in one namespace or all of them.
 * @param wanted an object that is to be made there: then its kind may demand a namespace (`KUBE_INVALID`).
 */
export function collectionPath(
  { root, name, namespaced }: Resource,
  namespace: string | undefined,
  wanted?: KubeObject,
): string {
  if (!namespaced) return `${root}/${name}`;
  if (namespace !== undefined) return `${root}/namespaces/${encodeURIComponent(namespace)}/${name}`;
  if (wanted !== undefined) throw namespaceMissing(wanted.kind, wanted.metadata.name);
  return `${root}/${name}`;
}

/** Of one object. Fails with `KUBE_INVALID` when its kind demands a namespace. */
export function objectPath(resource: Resource, { kind, namespace, name }: ObjectRef): string {
  if (resource.namespaced && namespace === undefined) throw namespaceMissing(kind, name);
  return `${collectionPath(resource, namespace)}/${encodeURIComponent(name)}`;
}

function namespaceMissing(kind: string, name: string): EpinioError {
  return kubeError({ code: 422, message: `${kind} "${name}" needs a namespace` });
}
