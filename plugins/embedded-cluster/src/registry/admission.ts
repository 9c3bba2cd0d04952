import type { Authorizer } from '../auth/authorize/authorizer.ts';
import { forbiddenRequest, objectNotFound, StatusError } from '../status.ts';
import { stringAt } from '../json.ts';
import type { Store } from '../storage/store.ts';
import type { Request } from './request.ts';
import type { Admission, Resource } from './resource.ts';

/** What rules see of the cluster while they admit an object. */
export function createAdmission(
  { store, authorizer }: { readonly store: Store; readonly authorizer: Authorizer },
  request: Request,
  time: string,
  urlName: string,
): Admission {
  return {
    find: (collection, key) => store.newest(collection, key)?.object,
    list: (collection) => store.newestOf(collection).map(({ object }) => object),
    time,
    internal: request.internal,
    user: request.user,
    authorizer,
    urlName,
    warn: (message) => request.warn(message),
  };
}

/** New objects need a namespace that is there and is to stay. Fails with 404 or 403. */
export function admitNamespace(
  resource: Resource,
  namespace: string | undefined,
  name: string,
  admission: Admission,
): void {
  if (!resource.namespaced) return;
  const found = admission.find('/namespaces', namespace ?? '');
  if (found === undefined) throw objectNotFound({ group: '', resource: 'namespaces' }, namespace ?? '');
  if (stringAt(found, 'status', 'phase') !== 'Terminating') return;
  const why = `unable to create new content in namespace ${namespace ?? ''} because it is being terminated`;
  const { code, reason, message, details } = forbiddenRequest(
    { group: resource.group, resource: resource.plural },
    name,
    why,
  );
  const cause = {
    reason: 'NamespaceTerminating',
    message: `namespace ${namespace ?? ''} is being terminated`,
    field: 'metadata.namespace',
  };
  throw new StatusError(code, reason, message, { ...details, causes: [cause] });
}
