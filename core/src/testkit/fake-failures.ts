import type { KubeObject } from '../kernel/component.ts';
import { kubeError } from '../kube/kube-error.ts';
import type { ObjectRef } from '../ports/kube.ts';
import { groupOf } from './fake-kinds.ts';

/** As API servers name an object in messages: `deployments.apps "web"`, nearly: the fake knows no plurals. */
export function describe({
  apiVersion,
  kind,
  metadata,
}: Pick<KubeObject, 'apiVersion' | 'kind' | 'metadata'>): string {
  const group = groupOf(apiVersion);
  return `${kind.toLowerCase()}s${group === '' ? '' : `.${group}`} "${metadata.name}"`;
}

/** The server has no such kind. */
export function noSuchKind(): Error {
  return kubeError({
    code: 404,
    reason: 'NotFound',
    message: 'the server could not find the requested resource',
  });
}

export function namespaceMissing({ kind, metadata }: KubeObject): Error {
  return kubeError({ code: 422, reason: 'Invalid', message: `${kind} "${metadata.name}" needs a namespace` });
}

export function notFound({ apiVersion, kind, name }: ObjectRef): Error {
  const message = `${describe({ apiVersion, kind, metadata: { name } })} not found`;
  return kubeError({ code: 404, reason: 'NotFound', message });
}

/** Fails when the object is not the one, or not the version, that the caller knows. */
export function checkPreconditions(
  { apiVersion, kind, metadata }: KubeObject,
  wanted: { readonly resourceVersion?: string; readonly uid?: string },
): void {
  if (wanted.uid !== undefined && wanted.uid !== metadata.uid) {
    const message = `Precondition failed: UID in precondition: ${wanted.uid}, UID in object meta: ${metadata.uid ?? ''}`;
    throw kubeError({ code: 409, reason: 'Conflict', message });
  }
  if (wanted.resourceVersion !== undefined && wanted.resourceVersion !== metadata.resourceVersion) {
    const what = describe({ apiVersion, kind, metadata });
    const message = `Operation cannot be fulfilled on ${what}: the object has been modified; please apply your changes to the latest version and try again`;
    throw kubeError({ code: 409, reason: 'Conflict', message });
  }
}
