import { hasCode, type Namespace, type ServiceAccount } from '@epinio/core';
import {
  defineController,
  follow,
  type Controller,
  type ControllerContext,
} from '../machinery/controller.ts';

const NAME = 'default';

/** Gives each namespace the service account that pods have who name none, also when somebody deletes it. */
export function defaultAccountController(context: ControllerContext): Controller {
  const { kube, informers } = context;
  const namespaces = informers.open<Namespace>({ apiVersion: 'v1', kind: 'Namespace' });
  const accounts = informers.open<ServiceAccount>({ apiVersion: 'v1', kind: 'ServiceAccount' });
  return defineController(context, {
    name: 'service-account-controller',
    informers: [namespaces, accounts],
    subscribe: (queue) => [
      follow(namespaces, ({ metadata }) => queue.add(metadata.name)),
      accounts.subscribe(({ type, object: { metadata } }) => {
        if (type === 'deleted' && metadata.name === NAME) queue.add(metadata.namespace ?? '');
      }),
    ],

    async sync(namespace) {
      const found = namespaces.get(undefined, namespace);
      if (found === undefined || found.metadata.deletionTimestamp !== undefined) return;
      const ref = { apiVersion: 'v1', kind: 'ServiceAccount', namespace, name: NAME };
      if ((await kube.get(ref)) !== undefined) return;
      const account: ServiceAccount = {
        apiVersion: 'v1',
        kind: 'ServiceAccount',
        metadata: { namespace, name: NAME },
      };
      await kube.create(account).catch((error: unknown) => {
        // Someone else was faster, or it is being deleted: then it needs none.
        if (!hasCode(error, 'KUBE_ALREADY_EXISTS') && !hasCode(error, 'KUBE_FORBIDDEN')) throw error;
      });
    },
  });
}
