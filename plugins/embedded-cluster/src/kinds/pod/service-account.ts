import { copy, objectAt, objectsAt, stringAt, type JsonObject } from '../../json.ts';
import { generatedName } from '../../registry/object-meta.ts';
import type { Admission } from '../../registry/resource.ts';
import type { ApiObject } from '../../storage/api-object.ts';
import { forbiddenRequest } from '../../status.ts';
import { limitSecrets } from './mountable-secrets.ts';

const PODS = { group: '', resource: 'pods' };
/** The account of a pod that names none. */
export const DEFAULT_ACCOUNT = 'default';
const VOLUME_PREFIX = 'kube-api-access-';
const MOUNT_PATH = '/var/run/secrets/kubernetes.io/serviceaccount';
/** Asks for a lifetime that tells such tokens from others, as a real API server does. */
const TOKEN_SECONDS = 3607;

/** Gives a new pod its account, a token of it unless pod or account refuse one, and the account's pull secrets. Fails with 403 without the account. */
export function admitServiceAccount(pod: ApiObject, spec: JsonObject, admission: Admission): void {
  const name = accountOf(spec);
  spec['serviceAccountName'] = name;
  spec['serviceAccount'] = name;
  const namespace = pod.metadata.namespace ?? '';
  const account = admission.find('/serviceaccounts', `${namespace}/${name}`);
  if (account === undefined) {
    const why = `error looking up service account ${namespace}/${name}: serviceaccount "${name}" not found`;
    throw forbiddenRequest(PODS, pod.metadata.name, why);
  }
  const automount = spec['automountServiceAccountToken'] ?? account['automountServiceAccountToken'] ?? true;
  if (automount === true) mountToken(spec);
  const secrets = objectsAt(account, 'imagePullSecrets');
  if (objectsAt(spec, 'imagePullSecrets').length === 0 && secrets.length > 0)
    spec['imagePullSecrets'] = copy(secrets);
  limitSecrets(pod.metadata.name, spec, account);
}

/** The name of the account that a pod is to have. */
export function accountOf(spec: Readonly<JsonObject>): string {
  const name = stringAt(spec, 'serviceAccountName') ?? stringAt(spec, 'serviceAccount') ?? '';
  return name === '' ? DEFAULT_ACCOUNT : name;
}

/** A container that has something of its own at the place gets no token. */
function mountToken(spec: JsonObject): void {
  const volumes = objectsAt(spec, 'volumes');
  const present = volumes.map(({ name }) => String(name)).find((name) => name.startsWith(VOLUME_PREFIX));
  const name = present ?? generatedName(VOLUME_PREFIX);
  const containers = ['initContainers', 'containers'].flatMap((list) => objectsAt(spec, list));
  const bare = containers.filter(
    (container) => !objectsAt(container, 'volumeMounts').some(({ mountPath }) => mountPath === MOUNT_PATH),
  );
  for (const container of bare) {
    const mount = { name, readOnly: true, mountPath: MOUNT_PATH };
    container['volumeMounts'] = [...objectsAt(container, 'volumeMounts'), mount];
  }
  if (present === undefined && bare.length > 0) spec['volumes'] = [...volumes, tokenVolume(name)];
}

function tokenVolume(name: string): JsonObject {
  const fieldRef = { apiVersion: 'v1', fieldPath: 'metadata.namespace' };
  const sources = [
    { serviceAccountToken: { expirationSeconds: TOKEN_SECONDS, path: 'token' } },
    { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
    { downwardAPI: { items: [{ path: 'namespace', fieldRef }] } },
  ];
  return { name, projected: { sources, defaultMode: 0o644 } };
}

/** What a pod has to wait for that is made just after its namespace. */
export function awaitedAccount(
  pod: Readonly<JsonObject>,
  namespace: string,
): { collection: string; key: string } | undefined {
  if (accountOf(objectAt(pod, 'spec')) !== DEFAULT_ACCOUNT) return undefined;
  return { collection: '/serviceaccounts', key: `${namespace}/${DEFAULT_ACCOUNT}` };
}
