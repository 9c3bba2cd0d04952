import { CONFIG_MAPS, configMap, MERGE, PODS, SERVICES, type Case, type Step } from './case.ts';

const QUOTAS = '/api/v1/namespaces/{ns}/resourcequotas';
const CLAIMS = '/api/v1/namespaces/{ns}/persistentvolumeclaims';

function quota(name: string, spec: object): object {
  return { apiVersion: 'v1', kind: 'ResourceQuota', metadata: { name }, spec };
}

/** A quota as its controller leaves it, which the real API server is run without. */
function counted(name: string, hard: Readonly<Record<string, string>>, spec: object = {}): readonly Step[] {
  const used = Object.fromEntries(Object.keys(hard).map((limit) => [limit, '0']));
  const managers = [/^metadata\.managedFields/, 'here the controller was there before'] as const;
  return [
    { request: `POST ${QUOTAS}`, body: quota(name, { hard, ...spec }), status: 201, mayDiffer: managers },
    {
      request: `PATCH ${QUOTAS}/${name}/status`,
      contentType: MERGE,
      body: { status: { hard, used } },
      status: 200,
      mayDiffer: managers,
    },
  ];
}

function pod(name: string, resources: object = {}, spec: object = {}): object {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name },
    spec: { containers: [{ name: 'main', image: 'a', resources }], ...spec },
  };
}

/** What ResourceQuotas refuse, and which of them are refused. */
export const QUOTA_CASES: readonly Case[] = [
  {
    name: 'a quota refuses what goes beyond it',
    steps: [
      ...counted('few', { pods: '2', 'requests.cpu': '1', 'limits.memory': '1Gi', 'count/configmaps': '2' }),
      {
        request: `POST ${PODS}`,
        body: pod('none'),
        status: 403,
        message:
          'pods "none" is forbidden: failed quota: few: must specify limits.memory for: main; requests.cpu for: main',
      },
      {
        request: `POST ${PODS}`,
        body: pod('one', { requests: { cpu: '600m' }, limits: { memory: '512Mi' } }),
        status: 201,
      },
      {
        request: `POST ${PODS}`,
        body: pod('two', { requests: { cpu: '600m' }, limits: { memory: '768Mi' } }),
        status: 403,
        message:
          'pods "two" is forbidden: exceeded quota: few, requested: limits.memory=768Mi,requests.cpu=600m, used: limits.memory=512Mi,requests.cpu=600m, limited: limits.memory=1Gi,requests.cpu=1',
      },
      { request: `POST ${CONFIG_MAPS}?dryRun=All`, body: configMap('dry'), status: 201 },
      { request: `POST ${CONFIG_MAPS}`, body: configMap('a'), status: 201 },
      { request: `POST ${CONFIG_MAPS}`, body: configMap('b'), status: 201 },
      {
        request: `POST ${CONFIG_MAPS}`,
        body: configMap('c'),
        status: 403,
        message:
          'configmaps "c" is forbidden: exceeded quota: few, requested: count/configmaps=1, used: count/configmaps=2, limited: count/configmaps=2',
      },
      {
        request: `GET ${QUOTAS}/few`,
        status: 200,
        expect: {
          status: {
            used: { pods: '1', 'requests.cpu': '600m', 'limits.memory': '512Mi', 'count/configmaps': '2' },
          },
        },
        mayDiffer: [/^metadata\.managedFields/, 'here the controller was there before'],
      },
    ],
  },
  {
    name: 'node ports and storage are counted when they change, too',
    steps: [
      ...counted('ports', { services: '5', 'services.nodeports': '1', 'requests.storage': '5Gi' }),
      {
        request: `POST ${SERVICES}`,
        body: {
          apiVersion: 'v1',
          kind: 'Service',
          metadata: { name: 'web' },
          spec: {
            ports: [
              { name: 'a', port: 80 },
              { name: 'b', port: 81 },
            ],
          },
        },
        status: 201,
      },
      {
        request: `PATCH ${SERVICES}/web`,
        contentType: MERGE,
        body: { spec: { type: 'NodePort' } },
        status: 403,
        message:
          'services "web" is forbidden: exceeded quota: ports, requested: services.nodeports=2, used: services.nodeports=0, limited: services.nodeports=1',
      },
      {
        request: `POST ${CLAIMS}`,
        body: {
          apiVersion: 'v1',
          kind: 'PersistentVolumeClaim',
          metadata: { name: 'data' },
          spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '6Gi' } } },
        },
        status: 403,
        message:
          'persistentvolumeclaims "data" is forbidden: exceeded quota: ports, requested: requests.storage=6Gi, used: requests.storage=0, limited: requests.storage=5Gi',
      },
    ],
  },
  {
    name: 'scopes say which pods a quota is about',
    steps: [
      ...counted('best', { pods: '0' }, { scopes: ['BestEffort'] }),
      ...counted('ending', { pods: '0' }, { scopes: ['Terminating', 'NotBestEffort'] }),
      {
        request: `POST ${PODS}`,
        body: pod('best'),
        status: 403,
        message:
          'pods "best" is forbidden: exceeded quota: best, requested: pods=1, used: pods=0, limited: pods=0',
      },
      { request: `POST ${PODS}`, body: pod('burst', { requests: { cpu: '1m' } }), status: 201 },
      {
        request: `POST ${PODS}`,
        body: pod('ending', { requests: { cpu: '1m' } }, { activeDeadlineSeconds: 5 }),
        status: 403,
        message:
          'pods "ending" is forbidden: exceeded quota: ending, requested: pods=1, used: pods=0, limited: pods=0',
      },
    ],
  },
  {
    name: 'a quota says what can be limited',
    steps: [
      {
        request: `POST ${QUOTAS}`,
        body: quota('wrong', { hard: { pods: '1.5' }, scopes: ['BestEffort', 'NotBestEffort', 'None'] }),
        status: 422,
      },
      {
        request: `POST ${QUOTAS}`,
        body: quota('wrong', { hard: { 'requests.storage': '1' }, scopes: ['Terminating'] }),
        status: 422,
        message:
          'ResourceQuota "wrong" is invalid: spec.scopes: Invalid value: ["Terminating"]: unsupported scope applied to resource',
      },
      {
        request: `POST ${QUOTAS}`,
        body: quota('wrong', {
          hard: { cpu: '1' },
          scopeSelector: {
            matchExpressions: [
              { scopeName: 'PriorityClass', operator: 'In' },
              { scopeName: 'Terminating', operator: 'DoesNotExist' },
              { scopeName: 'PriorityClass', operator: 'Exists', values: ['a'] },
              { scopeName: 'Nothing', operator: 'Is' },
            ],
          },
        }),
        status: 422,
      },
    ],
  },
];
