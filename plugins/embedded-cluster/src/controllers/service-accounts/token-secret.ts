import { type Secret, type ServiceAccount } from '@epinio/core';
import { ACCOUNT_NAME, ACCOUNT_TOKEN, ACCOUNT_UID } from '../../kinds/config/secret.ts';
import {
  defineController,
  follow,
  keyOf,
  refTo,
  type Controller,
  type ControllerContext,
} from '../machinery/controller.ts';

/** Fills Secrets that ask for a token of a service account, and removes them with their account. */
export function tokenSecretController(context: ControllerContext): Controller {
  const { kube, informers, tokens, authority } = context;
  const secrets = informers.open<Secret>({ apiVersion: 'v1', kind: 'Secret' });
  const accounts = informers.open<ServiceAccount>({ apiVersion: 'v1', kind: 'ServiceAccount' });
  return defineController(context, {
    name: 'tokens-controller',
    informers: [secrets, accounts],
    subscribe: (queue) => [
      follow(secrets, (secret) => {
        if (secret.type === ACCOUNT_TOKEN) queue.add(`${keyOf(secret)}/${accountName(secret)}`);
      }),
      accounts.subscribe(({ type, object: { metadata } }) => {
        if (type !== 'deleted') return;
        for (const secret of secrets.list(metadata.namespace)) {
          if (secret.type === ACCOUNT_TOKEN && accountName(secret) === metadata.name)
            queue.add(`${keyOf(secret)}/${metadata.name}`);
        }
      }),
    ],

    async sync(key) {
      const [namespace = '', name = '', of = ''] = key.split('/');
      const secret = secrets.get(namespace, name);
      const account = await kube.get<ServiceAccount>({
        apiVersion: 'v1',
        kind: 'ServiceAccount',
        namespace,
        name: of,
      });
      if (secret === undefined) {
        if (account !== undefined) await forget(account, name);
        return;
      }
      if (secret.type !== ACCOUNT_TOKEN) return;
      const uid = secret.metadata.annotations?.[ACCOUNT_UID] ?? '';
      if (account === undefined || (uid !== '' && uid !== account.metadata.uid)) {
        await kube.delete(refTo(secret), { uid: secret.metadata.uid ?? '' });
        return;
      }
      await fill(secret, account);
    },
  });

  async function fill(secret: Secret, { metadata: account }: ServiceAccount): Promise<void> {
    const { namespace = '', name, resourceVersion } = secret.metadata;
    const present = secret.data ?? {};
    const isFull = (present['token'] ?? '') !== '' && (present['namespace'] ?? '') !== '';
    if (isFull && present['ca.crt'] === base64(authority)) return;
    const data = {
      'ca.crt': base64(authority),
      namespace: (present['namespace'] ?? '') === '' ? base64(namespace) : present['namespace'],
      token:
        (present['token'] ?? '') === ''
          ? base64(await tokens.signForSecret(account, name))
          : present['token'],
    };
    const annotations = { [ACCOUNT_NAME]: account.name, [ACCOUNT_UID]: account.uid };
    // Of this version alone: whoever changed it meanwhile is looked at next.
    const patch = { metadata: { resourceVersion, annotations }, data };
    await kube.patch(refTo(secret), { type: 'merge', patch });
  }

  /** An account does not name a Secret that is gone. */
  async function forget(account: ServiceAccount, secret: string): Promise<void> {
    const left = (account.secrets ?? []).filter(({ name }) => name !== secret);
    if (left.length === (account.secrets ?? []).length) return;
    const { resourceVersion } = account.metadata;
    const patch = { metadata: { resourceVersion }, secrets: left };
    await kube.patch(refTo(account), { type: 'merge', patch });
  }
}

function accountName({ metadata }: Secret): string {
  return metadata.annotations?.[ACCOUNT_NAME] ?? '';
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}
