import { hasCode, type ConfigMap, type Namespace } from '@epinio/core';
import {
  defineController,
  follow,
  refTo,
  type Controller,
  type ControllerContext,
} from '../machinery/controller.ts';

/** What pods trust the API by. */
export const ROOT_CERTIFICATE = 'kube-root-ca.crt';
const DESCRIPTION = 'kubernetes.io/description';
const USAGE =
  'Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the internal service IP or kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes clusters.';

/** Keeps the certificate of the API's CA in a ConfigMap of every namespace. */
export function rootCertificateController(context: ControllerContext): Controller {
  const { kube, informers, authority } = context;
  const namespaces = informers.open<Namespace>({ apiVersion: 'v1', kind: 'Namespace' });
  const configMaps = informers.open<ConfigMap>({ apiVersion: 'v1', kind: 'ConfigMap' });
  const annotations = { [DESCRIPTION]: USAGE };
  const data = { 'ca.crt': authority };
  return defineController(context, {
    name: 'root-ca-certificate-publisher',
    informers: [namespaces, configMaps],
    subscribe: (queue) => [
      follow(namespaces, ({ metadata }) => queue.add(metadata.name)),
      configMaps.subscribe(({ object: { metadata } }) => {
        if (metadata.name === ROOT_CERTIFICATE) queue.add(metadata.namespace ?? '');
      }),
    ],

    async sync(namespace) {
      const found = namespaces.get(undefined, namespace);
      if (found === undefined || found.metadata.deletionTimestamp !== undefined) return;
      const ref = { apiVersion: 'v1', kind: 'ConfigMap', namespace, name: ROOT_CERTIFICATE };
      const present = await kube.get<ConfigMap>(ref);
      if (present === undefined) {
        const metadata = { namespace, name: ROOT_CERTIFICATE, annotations };
        await kube.create({ apiVersion: 'v1', kind: 'ConfigMap', metadata, data }).catch((error: unknown) => {
          // Someone else was faster, who is looked at next; or the namespace is being deleted.
          if (!hasCode(error, 'KUBE_ALREADY_EXISTS') && !hasCode(error, 'KUBE_FORBIDDEN')) throw error;
        });
        return;
      }
      const keys = Object.keys(present.data ?? {});
      const isSame = keys.length === 1 && present.data?.['ca.crt'] === authority;
      if (isSame && (present.metadata.annotations?.[DESCRIPTION] ?? '') !== '') return;
      const others = Object.fromEntries(keys.map((key) => [key, null]));
      const patch = { metadata: { annotations }, data: { ...others, ...data } };
      await kube.patch(refTo(present), { type: 'merge', patch });
    },
  });
}
