import { at, objectsAt, stringAt, type JsonObject } from '../../json.ts';
import { forbiddenRequest } from '../../status.ts';
import type { ApiObject } from '../../storage/api-object.ts';

/** An account with this annotation lets its pods use no secrets but those that it names. */
const ENFORCED = 'kubernetes.io/enforce-mountable-secrets';
const TRUE = ['1', 't', 'T', 'true', 'TRUE', 'True'];

/** Refuses secrets that the account of a pod does not let it use. Fails with 403. */
export function limitSecrets(pod: string, spec: Readonly<JsonObject>, account: ApiObject): void {
  if (!TRUE.includes(account.metadata.annotations?.[ENFORCED] ?? '')) return;
  const owner = account.metadata.name;
  const named = (list: string): ReadonlySet<unknown> =>
    new Set(objectsAt(account, list).map(({ name }) => name));
  const mountable = named('secrets');
  const refuse = (what: string, kind = 'secret'): never => {
    const why = `${what} is not allowed because service account ${owner} does not reference that ${kind}`;
    throw forbiddenRequest({ group: '', resource: 'pods' }, pod, why);
  };
  for (const volume of objectsAt(spec, 'volumes')) {
    const name = stringAt(volume, 'secret', 'secretName');
    if (name !== undefined && !mountable.has(name)) refuse(`volume with secret.secretName="${name}"`);
  }
  for (const [list, called] of [
    ['initContainers', 'init container'],
    ['containers', 'container'],
  ] as const) {
    for (const container of objectsAt(spec, list)) {
      const subject = `${called} ${String(container['name'])}`;
      for (const variable of objectsAt(container, 'env')) {
        const name = stringAt(variable, 'valueFrom', 'secretKeyRef', 'name');
        if (name !== undefined && !mountable.has(name))
          refuse(
            `${subject} with envVar ${String(variable['name'])} referencing secret.secretName="${name}"`,
          );
      }
      for (const source of objectsAt(container, 'envFrom')) {
        const name = at(source, 'secretRef', 'name');
        if (typeof name === 'string' && !mountable.has(name))
          refuse(`${subject} with envFrom referencing secret.secretName="${name}"`);
      }
    }
  }
  const pullable = named('imagePullSecrets');
  objectsAt(spec, 'imagePullSecrets').forEach(({ name }, index) => {
    if (!pullable.has(name)) refuse(`imagePullSecrets[${index}].name="${String(name)}"`, 'imagePullSecret');
  });
}
