import { CONFIG_MAPS, MERGE, PODS, type Case, type Step } from './case.ts';

const ACCOUNTS = '/api/v1/namespaces/{ns}/serviceaccounts';
const SECRETS = '/api/v1/namespaces/{ns}/secrets';
const TOKEN = `POST ${ACCOUNTS}/robot/token`;
const REVIEW = 'POST /apis/authentication.k8s.io/v1/tokenreviews';
const WHO = 'POST /apis/authentication.k8s.io/v1/selfsubjectreviews';
const RBAC = '/apis/rbac.authorization.k8s.io/v1/namespaces/{ns}';
const AS_ROBOT = { authorization: 'Bearer {token}' };
const ROBOT = 'system:serviceaccount:{ns}:robot';

const NO_MANAGERS = [
  /^metadata\.managedFields$/,
  'a request for a token is not stored, and nobody has fields of it here',
] as const;

const KEYS = [/^keys\[0\]\.(kid|x|y)$/, 'each has a key of its own'] as const;

const account: Step = { request: `POST ${ACCOUNTS}`, body: { metadata: { name: 'robot' } }, status: 201 };

/** Asks for a token, which later steps have as {token}. */
function token(spec: object = {}): Step {
  return {
    request: TOKEN,
    body: { spec },
    status: 201,
    save: { token: 'status.token' },
    mayDiffer: NO_MANAGERS,
  };
}

const pod: Step = {
  request: `POST ${PODS}`,
  body: {
    metadata: { name: 'p' },
    spec: { serviceAccountName: 'robot', containers: [{ name: 'a', image: 'a:1' }] },
  },
  status: 201,
  save: { uid: 'metadata.uid' },
};

/** What a user knows of itself, whose token it is. */
function whoIs(token: Step, ...before: readonly Step[]): readonly Step[] {
  return [
    account,
    ...before,
    token,
    {
      request: WHO,
      headers: AS_ROBOT,
      body: {},
      status: 201,
      eventually: true,
      compareAll: true,
      expect: { status: { userInfo: { username: ROBOT } } },
    },
    { request: REVIEW, body: { spec: { token: '{token}' } }, status: 201, mayDiffer: NO_MANAGERS },
  ];
}

function refused(spec: object, status: number, ...before: readonly Step[]): readonly Step[] {
  return [account, ...before, { request: TOKEN, body: { spec }, status }];
}

function review(spec: object): Step {
  return { request: REVIEW, body: { spec }, status: 201, mayDiffer: NO_MANAGERS };
}

const bind = (kind: string, name: string, uid = ''): object => ({
  boundObjectRef: { kind, apiVersion: 'v1', name, ...(uid === '' ? {} : { uid }) },
});

/** Tokens of service accounts: asked for, used, looked at by others, and worthless when what they are bound to is gone. */
export const TOKEN_CASES: readonly Case[] = [
  { name: 'whose a token is', steps: whoIs(token()) },
  { name: 'whose a token of a pod is', steps: whoIs(token(bind('Pod', 'p', '{uid}')), pod) },
  {
    name: 'whose a token of a pod with the lifetime that kubelets ask for is',
    steps: whoIs(token({ expirationSeconds: 3607, ...bind('Pod', 'p') }), pod),
  },
  {
    name: 'whose a token of a secret is',
    steps: whoIs(token({ audiences: [], expirationSeconds: 600, ...bind('Secret', 's') }), {
      request: `POST ${SECRETS}`,
      body: { metadata: { name: 's' } },
      status: 201,
    }),
  },
  {
    name: 'a request for a token is checked',
    steps: [
      account,
      { request: TOKEN, body: { metadata: { name: 'other' } }, status: 422 },
      { request: TOKEN, body: { metadata: { namespace: 'other' } }, status: 400 },
      {
        request: TOKEN,
        body: { metadata: { uid: '0dd6b91b-8f25-4f1e-8d0a-6f8cf52c1c6e' } },
        status: 409,
      },
      { request: TOKEN, body: { metadata: { labels: { a: 'b' } } }, status: 201, mayDiffer: NO_MANAGERS },
      { request: TOKEN, body: { spec: { expirationSeconds: 599 } }, status: 422 },
      { request: TOKEN, body: { spec: { expirationSeconds: 0 } }, status: 422 },
      { request: TOKEN, body: { spec: { expirationSeconds: 2 ** 32 + 1 } }, status: 422 },
      { request: TOKEN, body: { spec: { expirationSeconds: 2 ** 32 } }, status: 201, mayDiffer: NO_MANAGERS },
      { request: TOKEN, body: { spec: { expirationSeconds: 'soon' } }, status: 400 },
      { request: TOKEN, body: { kind: 'Pod', apiVersion: 'v1' }, status: 400 },
      { request: TOKEN, body: {}, status: 201, mayDiffer: NO_MANAGERS },
      { request: `${TOKEN}?dryRun=All`, body: {}, status: 201, mayDiffer: NO_MANAGERS },
      { request: `${TOKEN}?fieldValidation=Strict`, body: { spec: { wrong: 1 } }, status: 400 },
      { request: `POST ${ACCOUNTS}/nobody/token`, body: {}, status: 404 },
      { request: `GET ${ACCOUNTS}/robot/token`, status: 405 },
    ],
  },
  { name: 'a token of a pod that is not there', steps: refused(bind('Pod', 'none'), 404) },
  { name: 'a token of a node that is not there', steps: refused(bind('Node', 'none'), 404) },
  { name: 'a token of a config map', steps: refused(bind('ConfigMap', 'none'), 400) },
  {
    name: 'a token of another thing',
    steps: refused({ boundObjectRef: { kind: 'Pod', apiVersion: 'apps/v1', name: 'a' } }, 400),
  },
  {
    name: 'a token of a pod that was another one',
    steps: refused(bind('Pod', 'p', '0dd6b91b-8f25-4f1e-8d0a-6f8cf52c1c6e'), 409, pod),
  },
  {
    name: "a token of another account's pod",
    steps: refused(bind('Pod', 'p'), 400, {
      request: `POST ${PODS}`,
      body: { metadata: { name: 'p' }, spec: { containers: [{ name: 'a', image: 'a:1' }] } },
      status: 201,
    }),
  },
  {
    name: 'a token is worthless once its account is gone',
    steps: [
      account,
      token(),
      { request: WHO, headers: AS_ROBOT, body: {}, status: 201, eventually: true },
      { request: `DELETE ${ACCOUNTS}/robot`, status: 200 },
      { request: WHO, headers: AS_ROBOT, body: {}, status: 401, eventually: true },
      { ...review({ token: '{token}' }), mayDiffer: NO_MANAGERS },
      account,
      { request: WHO, headers: AS_ROBOT, body: {}, status: 401 },
      { ...review({ token: '{token}', audiences: ['https://kubernetes.default.svc.cluster.local'] }) },
    ],
  },
  {
    name: 'a token is worthless once its pod is gone',
    steps: [
      account,
      pod,
      token(bind('Pod', 'p')),
      { request: `DELETE ${PODS}/p?gracePeriodSeconds=0`, status: 200 },
      { request: WHO, headers: AS_ROBOT, body: {}, status: 401, eventually: true },
      review({ token: '{token}' }),
    ],
  },
  {
    name: 'a token for somebody else is none here, and its reader may ask',
    steps: [
      account,
      token({ audiences: ['vault', 'https://kubernetes.default.svc.cluster.local', 'vault'] }),
      { request: WHO, headers: AS_ROBOT, body: {}, status: 201, eventually: true },
      review({ token: '{token}', audiences: ['nobody', 'vault'] }),
      token({ audiences: ['vault'] }),
      { request: WHO, headers: AS_ROBOT, body: {}, status: 401 },
      review({ token: '{token}' }),
      review({ token: '{token}', audiences: ['nobody'] }),
      review({ token: '{token}', audiences: ['vault', 'nobody'] }),
    ],
  },
  {
    name: 'what is no token',
    steps: [
      review({ token: 'wrong' }),
      review({ token: 'e30.e30.e30' }),
      account,
      token(),
      {
        ...review({ token: '{token}x' }),
        mayDiffer: [/^metadata\.managedFields$|^status\.error$/, 'the real one names its library'],
      },
      { request: REVIEW, body: { kind: 'Pod', apiVersion: 'v1' }, status: 400 },
      { request: REVIEW, body: { spec: { token: 1 } }, status: 400 },
      { request: REVIEW, body: { spec: {} }, status: 400 },
      { request: REVIEW, body: { spec: { token: '' } }, status: 400 },
      { request: WHO, headers: { authorization: 'Bearer wrong' }, body: {}, status: 401 },
      {
        request: WHO,
        headers: { authorization: 'bearer {token} and more' },
        body: {},
        status: 201,
        eventually: true,
      },
    ],
  },
  {
    name: 'roles say what a service account may do',
    steps: [
      account,
      token(),
      {
        request: `GET ${CONFIG_MAPS}`,
        headers: AS_ROBOT,
        status: 403,
        message: `configmaps is forbidden: User "${ROBOT}" cannot list resource "configmaps" in API group "" in the namespace "{ns}"`,
      },
      {
        request: `POST ${RBAC}/roles`,
        body: {
          metadata: { name: 'reader' },
          rules: [{ apiGroups: [''], resources: ['configmaps'], verbs: ['list'] }],
        },
        status: 201,
      },
      {
        request: `POST ${RBAC}/rolebindings`,
        body: {
          metadata: { name: 'robot' },
          roleRef: { kind: 'Role', name: 'reader' },
          subjects: [{ kind: 'ServiceAccount', name: 'robot', namespace: '{ns}' }],
        },
        status: 201,
      },
      { request: `GET ${CONFIG_MAPS}`, headers: AS_ROBOT, status: 200, eventually: true },
      { request: `GET ${SECRETS}`, headers: AS_ROBOT, status: 403 },
      { request: TOKEN, headers: AS_ROBOT, body: {}, status: 403 },
      { request: 'GET /openid/v1/jwks', headers: AS_ROBOT, status: 200, eventually: true, mayDiffer: KEYS },
    ],
  },
  {
    name: 'how others check tokens by themselves',
    steps: [
      {
        request: 'GET /.well-known/openid-configuration',
        status: 200,
        answerType: 'application/json',
        mayDiffer: [/^jwks_uri$/, 'the address of the server'],
      },
      {
        request: 'GET /openid/v1/jwks',
        status: 200,
        answerType: 'application/jwk-set+json',
        mayDiffer: KEYS,
      },
    ],
  },
  {
    name: 'a secret for a token names its account',
    steps: [
      {
        request: `POST ${SECRETS}`,
        body: { metadata: { name: 's' }, type: 'kubernetes.io/service-account-token' },
        status: 422,
      },
      {
        request: `POST ${SECRETS}`,
        body: {
          metadata: { name: 's', annotations: { 'kubernetes.io/service-account.name': 'robot' } },
          type: 'kubernetes.io/service-account-token',
        },
        status: 201,
      },
      {
        request: `PATCH ${SECRETS}/s`,
        contentType: MERGE,
        body: { metadata: { annotations: null } },
        status: 422,
      },
    ],
  },
];
