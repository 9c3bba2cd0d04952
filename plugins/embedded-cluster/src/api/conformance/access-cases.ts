import { CONFIG_MAPS, configMap, MERGE, type Case } from './case.ts';

const RBAC = '/apis/rbac.authorization.k8s.io/v1';
const ROLES = `${RBAC}/namespaces/{ns}/roles`;
const BINDINGS = `${RBAC}/namespaces/{ns}/rolebindings`;
const REVIEWS = '/apis/authorization.k8s.io/v1';
const GROUP = 'rbac.authorization.k8s.io';
const BOB = { 'impersonate-user': 'bob' };

function role(name: string, ...rules: readonly object[]): object {
  return { metadata: { name }, rules };
}

const READ_MAPS = { apiGroups: [''], resources: ['configmaps'], verbs: ['get', 'list'] };

function binding(name: string, roleName: string, user = 'bob', kind = 'Role'): object {
  return { metadata: { name }, roleRef: { kind, name: roleName }, subjects: [{ kind: 'User', name: user }] };
}

const NO_MANAGERS = [
  /^metadata\.managedFields$/,
  'a review is not stored, and nobody has fields of it here',
] as const;

/** Roles and bindings, what they allow, who may give them, and the reviews that ask. */
export const ACCESS_CASES: readonly Case[] = [
  {
    name: 'a role that is bound allows what it says, and no more',
    steps: [
      {
        request: `GET ${CONFIG_MAPS}`,
        headers: BOB,
        status: 403,
        message:
          'configmaps is forbidden: User "bob" cannot list resource "configmaps" in API group "" in the namespace "{ns}"',
        expect: { reason: 'Forbidden', details: { kind: 'configmaps' } },
      },
      {
        request: `POST ${ROLES}`,
        body: role('reader', READ_MAPS),
        status: 201,
        expect: { rules: [READ_MAPS] },
      },
      {
        request: `POST ${BINDINGS}`,
        body: binding('bob', 'reader'),
        status: 201,
        expect: {
          roleRef: { apiGroup: GROUP, kind: 'Role', name: 'reader' },
          subjects: [{ kind: 'User', apiGroup: GROUP, name: 'bob' }],
        },
      },
      { request: `GET ${CONFIG_MAPS}`, headers: BOB, status: 200, eventually: true },
      {
        request: `DELETE ${CONFIG_MAPS}`,
        headers: BOB,
        status: 403,
        message:
          'configmaps is forbidden: User "bob" cannot deletecollection resource "configmaps" in API group "" in the namespace "{ns}"',
      },
      {
        request: `GET ${CONFIG_MAPS}?watch=1`,
        headers: BOB,
        status: 403,
        message:
          'configmaps is forbidden: User "bob" cannot watch resource "configmaps" in API group "" in the namespace "{ns}"',
      },
      {
        request: `PUT ${CONFIG_MAPS}/a`,
        headers: BOB,
        body: configMap('a'),
        status: 403,
        message:
          'configmaps "a" is forbidden: User "bob" cannot update resource "configmaps" in API group "" in the namespace "{ns}"',
      },
      {
        request: 'GET /api/v1/namespaces/{ns}/pods/p/log',
        headers: BOB,
        status: 403,
        message:
          'pods "p" is forbidden: User "bob" cannot get resource "pods/log" in API group "" in the namespace "{ns}"',
      },
      {
        request: 'GET /apis/none.example/v1/namespaces/{ns}/things',
        headers: BOB,
        status: 403,
        message:
          'things.none.example is forbidden: User "bob" cannot list resource "things" in API group "none.example" in the namespace "{ns}"',
      },
      {
        request: 'GET /api/v1/nodes',
        headers: BOB,
        status: 403,
        message:
          'nodes is forbidden: User "bob" cannot list resource "nodes" in API group "" at the cluster scope',
      },
      {
        request: 'GET /metrics',
        headers: BOB,
        status: 403,
        message: 'forbidden: User "bob" cannot get path "/metrics"',
        expect: { details: {} },
      },
      { request: 'GET /apis', headers: BOB, status: 200, eventually: true },
    ],
  },
  {
    name: 'resource names and field selectors',
    steps: [
      {
        request: `POST ${ROLES}`,
        body: role('one', { ...READ_MAPS, resourceNames: ['mine'] }),
        status: 201,
      },
      { request: `POST ${BINDINGS}`, body: binding('bob', 'one'), status: 201 },
      { request: `POST ${CONFIG_MAPS}`, body: configMap('mine'), status: 201 },
      { request: `GET ${CONFIG_MAPS}/mine`, headers: BOB, status: 200, eventually: true },
      { request: `GET ${CONFIG_MAPS}?fieldSelector=metadata.name%3Dmine`, headers: BOB, status: 200 },
      { request: `GET ${CONFIG_MAPS}`, headers: BOB, status: 403 },
      { request: `GET ${CONFIG_MAPS}/other`, headers: BOB, status: 403 },
    ],
  },
  {
    name: 'nobody gives rights that they do not have',
    steps: [
      {
        request: `POST ${ROLES}`,
        body: role(
          'manager',
          {
            apiGroups: [GROUP],
            resources: ['roles', 'rolebindings'],
            verbs: ['get', 'create', 'update', 'patch'],
          },
          READ_MAPS,
        ),
        status: 201,
      },
      {
        request: `POST ${ROLES}`,
        body: role('secret-reader', { ...READ_MAPS, resources: ['secrets'] }),
        status: 201,
      },
      { request: `POST ${BINDINGS}`, body: binding('bob', 'manager'), status: 201 },
      { request: `GET ${ROLES}/manager`, headers: BOB, status: 200, eventually: true },
      {
        request: `POST ${ROLES}`,
        headers: BOB,
        body: role('wide', { apiGroups: [''], resources: ['secrets'], verbs: ['get', 'list'] }),
        status: 403,
        message:
          'roles.rbac.authorization.k8s.io "wide" is forbidden: user "bob" (groups=["system:authenticated"]) is attempting to grant RBAC permissions not currently held:\n' +
          '{APIGroups:[""], Resources:["secrets"], Verbs:["get" "list"]}',
      },
      { request: `POST ${ROLES}`, headers: BOB, body: role('narrow', READ_MAPS), status: 201 },
      {
        request: `POST ${BINDINGS}`,
        headers: BOB,
        body: binding('eve', 'secret-reader', 'eve'),
        status: 403,
        message:
          'rolebindings.rbac.authorization.k8s.io "eve" is forbidden: user "bob" (groups=["system:authenticated"]) is attempting to grant RBAC permissions not currently held:\n' +
          '{APIGroups:[""], Resources:["secrets"], Verbs:["get" "list"]}',
      },
      {
        request: `POST ${BINDINGS}`,
        headers: BOB,
        body: binding('none', 'none', 'eve'),
        status: 404,
        message: 'rolebindings.rbac.authorization.k8s.io "none" not found',
      },
      {
        request: `PATCH ${ROLES}/narrow`,
        headers: BOB,
        contentType: MERGE,
        body: { rules: [{ ...READ_MAPS, verbs: ['get', 'delete'] }] },
        status: 403,
      },
      { request: `POST ${BINDINGS}`, headers: BOB, body: binding('eve', 'narrow', 'eve'), status: 201 },
    ],
  },
  {
    name: 'roles and bindings are checked',
    steps: [
      {
        request: `POST ${ROLES}`,
        body: role(
          'a',
          { nonResourceURLs: ['/x'], verbs: ['get'] },
          { apiGroups: [''], resources: ['pods'], verbs: [] },
          { verbs: ['get'] },
        ),
        status: 422,
      },
      { request: `POST ${ROLES}`, body: { metadata: { name: 'a/b' } }, status: 422 },
      { request: `POST ${ROLES}`, body: { metadata: { name: 'A:b' } }, status: 201 },
      {
        request: `POST ${BINDINGS}`,
        body: {
          metadata: { name: 'a' },
          roleRef: { kind: 'Thing', name: '' },
          subjects: [{ kind: 'Robot', name: 'r' }],
        },
        status: 422,
      },
      {
        request: `POST ${BINDINGS}`,
        body: {
          metadata: { name: 'a' },
          roleRef: { apiGroup: GROUP, kind: 'Role', name: 'A:b' },
          subjects: [{ kind: 'ServiceAccount', name: 'default' }],
        },
        status: 201,
      },
      {
        request: `PATCH ${BINDINGS}/a`,
        contentType: MERGE,
        body: { roleRef: { name: 'other' } },
        status: 422,
        message: /cannot change roleRef/,
      },
      { request: `PUT ${ROLES}/new`, body: role('new', READ_MAPS), status: 201 },
      {
        request: `GET ${BINDINGS}`,
        headers: { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' },
        status: 200,
        expect: { kind: 'Table' },
      },
    ],
  },
  {
    name: 'reviews',
    steps: [
      { request: `POST ${ROLES}`, body: role('reader', READ_MAPS), status: 201 },
      { request: `POST ${BINDINGS}`, body: binding('bob', 'reader'), status: 201 },
      { request: `GET ${CONFIG_MAPS}`, headers: BOB, status: 200, eventually: true },
      {
        request: `POST ${REVIEWS}/subjectaccessreviews`,
        body: {
          spec: {
            user: 'bob',
            resourceAttributes: { verb: 'list', resource: 'configmaps', namespace: '{ns}' },
          },
        },
        status: 201,
        mayDiffer: NO_MANAGERS,
        expect: {
          status: {
            allowed: true,
            reason: 'RBAC: allowed by RoleBinding "bob/{ns}" of Role "reader" to User "bob"',
          },
        },
      },
      {
        request: `POST ${REVIEWS}/namespaces/{ns}/localsubjectaccessreviews`,
        body: {
          spec: {
            user: 'eve',
            resourceAttributes: { verb: 'list', resource: 'configmaps', namespace: '{ns}' },
          },
        },
        status: 201,
        mayDiffer: NO_MANAGERS,
        expect: { status: { allowed: false } },
      },
      {
        request: `POST ${REVIEWS}/selfsubjectaccessreviews`,
        headers: BOB,
        body: { spec: { nonResourceAttributes: { verb: 'get', path: '/version' } } },
        status: 201,
        mayDiffer: NO_MANAGERS,
        expect: { status: { allowed: true } },
      },
      { request: `POST ${REVIEWS}/subjectaccessreviews`, body: { spec: {} }, status: 422 },
      {
        request: `POST ${REVIEWS}/selfsubjectrulesreviews`,
        headers: BOB,
        body: { spec: { namespace: '{ns}' } },
        status: 201,
        mayDiffer: [/^status\.(nonR|r)esourceRules/, 'the real one lists bindings in any order'],
        expect: { status: { incomplete: false } },
      },
      {
        request: `POST ${REVIEWS}/selfsubjectrulesreviews`,
        body: { spec: {} },
        status: 400,
        message: 'no namespace on request',
      },
      {
        request: 'POST /apis/authentication.k8s.io/v1/selfsubjectreviews',
        headers: {
          ...BOB,
          'impersonate-group': 'devs',
          'impersonate-uid': '7',
          'impersonate-extra-team%2fa': 'x',
        },
        body: {},
        status: 201,
        expect: {
          status: {
            userInfo: {
              username: 'bob',
              uid: '7',
              groups: ['devs', 'system:authenticated'],
              extra: { 'team/a': ['x'] },
            },
          },
        },
      },
      {
        request: 'GET /api',
        headers: { 'impersonate-group': 'devs' },
        status: 400,
      },
      {
        request: 'GET /api',
        headers: { ...BOB, 'impersonate-group': 'system:masters' },
        status: 200,
      },
    ],
  },
  ...[
    'admin',
    'edit',
    'view',
    'cluster-admin',
    'system:discovery',
    'system:monitoring',
    'system:basic-user',
    'system:public-info-viewer',
    'system:aggregate-to-admin',
    'system:aggregate-to-edit',
    'system:aggregate-to-view',
    'system:auth-delegator',
    'system:service-account-issuer-discovery',
  ].map((name): Case => ({
    name: `the role ${name} is there`,
    steps: [{ request: `GET ${RBAC}/clusterroles/${name}`, status: 200, eventually: true }],
  })),
  ...[
    'cluster-admin',
    'system:discovery',
    'system:monitoring',
    'system:basic-user',
    'system:public-info-viewer',
    'system:service-account-issuer-discovery',
  ].map((name): Case => ({
    name: `the binding ${name} is there`,
    steps: [{ request: `GET ${RBAC}/clusterrolebindings/${name}`, status: 200, eventually: true }],
  })),
];
