import { PODS, type Case, type Step } from './case.ts';

const ACCOUNTS = '/api/v1/namespaces/{ns}/serviceaccounts';
const MOUNT_PATH = '/var/run/secrets/kubernetes.io/serviceaccount';

function account(name: string, more: object = {}, annotations: object = {}): Step {
  return { request: `POST ${ACCOUNTS}`, body: { metadata: { name, annotations }, ...more }, status: 201 };
}

function pod(name: string, spec: object = {}, status = 201, container: object = {}): Step {
  const body = {
    metadata: { name },
    spec: { containers: [{ name: 'a', image: 'a:1', ...container }], ...spec },
  };
  return { request: `POST ${PODS}`, body, status };
}

const LIMITED = { 'kubernetes.io/enforce-mountable-secrets': 'true' };
const own = (name: string): object => ({ volumeMounts: [{ name, mountPath: MOUNT_PATH }] });

/** What the service account of a pod gives it, and refuses it. */
export const POD_ACCOUNT_CASES: readonly Case[] = [
  {
    name: 'a pod gets a token of its account, unless somebody says no',
    steps: [
      { ...pod('plain'), expect: { spec: { serviceAccountName: 'default', serviceAccount: 'default' } } },
      pod('no', { automountServiceAccountToken: false }),
      account('silent', { automountServiceAccountToken: false }),
      pod('silent', { serviceAccountName: 'silent' }),
      pod('all-the-same', { serviceAccountName: 'silent', automountServiceAccountToken: true }),
      pod('old-name', { serviceAccount: 'silent' }),
      pod('init', { initContainers: [{ name: 'i', image: 'a:1' }] }),
      pod('own', { volumes: [{ name: 'mine', emptyDir: {} }] }, 201, own('mine')),
      pod('one-of-two', {
        volumes: [{ name: 'mine', emptyDir: {} }],
        initContainers: [{ name: 'i', image: 'a:1', ...own('mine') }],
      }),
      pod('named', { volumes: [{ name: 'kube-api-access-mine', emptyDir: {} }] }),
      pod('nobody', { serviceAccountName: 'nobody' }, 403),
    ],
  },
  {
    name: 'a pod gets the pull secrets of its account when it has none',
    steps: [
      account('puller', { imagePullSecrets: [{ name: 'x' }, { name: 'y' }] }),
      pod('theirs', { serviceAccountName: 'puller' }),
      pod('empty', { serviceAccountName: 'puller', imagePullSecrets: [] }),
      pod('mine', { serviceAccountName: 'puller', imagePullSecrets: [{ name: 'z' }] }),
    ],
  },
  {
    name: 'an account may limit the secrets of its pods',
    steps: [
      account('limited', { secrets: [{ name: 's' }], imagePullSecrets: [{ name: 'x' }] }, LIMITED),
      pod('fine', { serviceAccountName: 'limited', volumes: [{ name: 'v', secret: { secretName: 's' } }] }),
      pod('v', { serviceAccountName: 'limited', volumes: [{ name: 'v', secret: { secretName: 't' } }] }, 403),
      pod('e', { serviceAccountName: 'limited' }, 403, {
        env: [{ name: 'E', valueFrom: { secretKeyRef: { name: 't', key: 'k' } } }],
      }),
      pod('f', { serviceAccountName: 'limited' }, 403, { envFrom: [{ secretRef: { name: 't' } }] }),
      pod(
        'i',
        {
          serviceAccountName: 'limited',
          initContainers: [{ name: 'i', image: 'a:1', envFrom: [{ secretRef: { name: 't' } }] }],
        },
        403,
      ),
      pod('p', { serviceAccountName: 'limited', imagePullSecrets: [{ name: 'z' }] }, 403),
    ],
  },
  {
    name: 'a token that a pod asks for itself',
    steps: [
      pod('asks', {
        automountServiceAccountToken: false,
        volumes: [{ name: 't', projected: { sources: [{ serviceAccountToken: { path: 'a/b' } }] } }],
      }),
      pod(
        'short',
        {
          volumes: [
            {
              name: 't',
              projected: { sources: [{ serviceAccountToken: { path: 'a', expirationSeconds: 599 } }] },
            },
            {
              name: 'u',
              projected: {
                sources: [{ serviceAccountToken: { path: 'a', expirationSeconds: 2 ** 32 + 1 } }],
              },
            },
            { name: 'w', projected: { sources: [{ serviceAccountToken: { path: '' } }] } },
          ],
        },
        422,
      ),
    ],
  },
];
