import { CONFIG_MAPS, configMap, DEPLOYMENTS, deployment, PODS, SERVICES, type Case } from './case.ts';

const MODIFIED =
  'the object has been modified; please apply your changes to the latest version and try again';

/** Create, read, update, delete; status and scale; dry runs; finalizers. */
export const OBJECT_CASES: readonly Case[] = [
  {
    name: 'an object is created once, read, replaced and deleted',
    steps: [
      {
        request: `POST ${CONFIG_MAPS}`,
        body: configMap('a', { k: 'v' }),
        status: 201,
        expect: { kind: 'ConfigMap', apiVersion: 'v1', data: { k: 'v' } },
      },
      {
        request: `POST ${CONFIG_MAPS}`,
        body: configMap('a'),
        status: 409,
        message: 'configmaps "a" already exists',
        expect: { reason: 'AlreadyExists' },
      },
      {
        request: `GET ${CONFIG_MAPS}/a`,
        status: 200,
        expect: { metadata: { name: 'a', namespace: '{ns}' } },
      },
      {
        request: `PUT ${CONFIG_MAPS}/a`,
        body: configMap('a', { k: 'w' }),
        status: 200,
        expect: { data: { k: 'w' } },
      },
      {
        request: `PUT ${CONFIG_MAPS}/a`,
        body: configMap('a', {}, { resourceVersion: '1' }),
        status: 409,
        message: `Operation cannot be fulfilled on configmaps "a": ${MODIFIED}`,
        expect: { reason: 'Conflict' },
      },
      {
        request: `PUT ${CONFIG_MAPS}/a`,
        body: configMap('b'),
        status: 400,
        message: 'the name of the object (b) does not match the name on the URL (a)',
      },
      {
        request: `PUT ${CONFIG_MAPS}/none`,
        body: configMap('none'),
        status: 404,
        message: 'configmaps "none" not found',
      },
      {
        request: `DELETE ${CONFIG_MAPS}/a`,
        status: 200,
        expect: { kind: 'Status', status: 'Success', details: { name: 'a', kind: 'configmaps' } },
      },
      {
        request: `GET ${CONFIG_MAPS}/a`,
        status: 404,
        message: 'configmaps "a" not found',
        expect: { reason: 'NotFound', details: { name: 'a', kind: 'configmaps' } },
      },
      { request: `DELETE ${CONFIG_MAPS}/a`, status: 404, message: 'configmaps "a" not found' },
    ],
  },
  {
    name: 'generation counts changes of the spec; status has an endpoint of its own',
    steps: [
      {
        request: `POST ${DEPLOYMENTS}`,
        body: { ...deployment('web'), status: { replicas: 7 } },
        status: 201,
        expect: { metadata: { generation: 1 }, status: {} },
      },
      {
        request: `PUT ${DEPLOYMENTS}/web/status`,
        body: { ...deployment('web', { image: 'other' }), status: { replicas: 2 } },
        status: 200,
        expect: {
          metadata: { generation: 1 },
          spec: { template: { spec: { containers: [{ image: 'web:1' }] } } },
          status: { replicas: 2 },
        },
      },
      {
        request: `PUT ${DEPLOYMENTS}/web`,
        body: deployment('web', { image: 'web:2' }),
        status: 200,
        expect: { metadata: { generation: 2 }, status: { replicas: 2 } },
      },
      {
        request: `PUT ${DEPLOYMENTS}/web`,
        body: deployment('web', { image: 'web:2' }),
        status: 200,
        expect: { metadata: { generation: 2 } },
      },
      {
        request: `GET ${DEPLOYMENTS}/web/scale`,
        status: 200,
        expect: {
          kind: 'Scale',
          apiVersion: 'autoscaling/v1',
          spec: { replicas: 1 },
          status: { replicas: 2, selector: 'app=web' },
        },
      },
      {
        request: `PUT ${DEPLOYMENTS}/web/scale`,
        body: { metadata: { name: 'web' }, spec: { replicas: 4 } },
        status: 200,
        expect: { spec: { replicas: 4 } },
      },
      {
        request: `GET ${DEPLOYMENTS}/web`,
        status: 200,
        expect: { metadata: { generation: 3 }, spec: { replicas: 4 } },
      },
    ],
  },
  {
    name: 'a dry run answers as if, and writes nothing',
    steps: [
      {
        request: `POST ${CONFIG_MAPS}?dryRun=All`,
        body: configMap('a', { k: 'v' }),
        status: 201,
        expect: { data: { k: 'v' } },
      },
      { request: `GET ${CONFIG_MAPS}/a`, status: 404 },
      { request: `POST ${CONFIG_MAPS}`, body: configMap('a', { k: 'v' }), status: 201 },
      {
        request: `PUT ${CONFIG_MAPS}/a?dryRun=All`,
        body: configMap('a', { k: 'w' }),
        status: 200,
        expect: { data: { k: 'w' } },
      },
      { request: `DELETE ${CONFIG_MAPS}/a?dryRun=All`, status: 200 },
      { request: `GET ${CONFIG_MAPS}/a`, status: 200, expect: { data: { k: 'v' } } },
    ],
  },
  {
    name: 'an object with finalizers waits for them; preconditions hold',
    steps: [
      {
        request: `POST ${CONFIG_MAPS}`,
        body: configMap('a', {}, { finalizers: ['example.com/wait'] }),
        status: 201,
      },
      {
        request: `DELETE ${CONFIG_MAPS}/a`,
        body: { preconditions: { uid: 'x' } },
        status: 409,
        message:
          /Operation cannot be fulfilled on ConfigMap "a": the UID in the precondition \(x\) does not match/,
      },
      {
        request: `DELETE ${CONFIG_MAPS}/a`,
        status: 200,
        expect: {
          kind: 'ConfigMap',
          metadata: { deletionGracePeriodSeconds: 0, finalizers: ['example.com/wait'] },
        },
      },
      {
        request: `PUT ${CONFIG_MAPS}/a`,
        body: configMap('a', {}, { finalizers: ['example.com/wait', 'example.com/more'] }),
        status: 422,
        message: /no new finalizers can be added if the object is being deleted/,
      },
      { request: `PUT ${CONFIG_MAPS}/a`, body: configMap('a'), status: 200 },
      { request: `GET ${CONFIG_MAPS}/a`, status: 404 },
      { request: `POST ${DEPLOYMENTS}`, body: deployment('web'), status: 201 },
      {
        request: `DELETE ${DEPLOYMENTS}/web`,
        body: { propagationPolicy: 'Foreground' },
        status: 200,
        expect: { metadata: { finalizers: ['foregroundDeletion'], generation: 2 } },
      },
      {
        request: `DELETE ${DEPLOYMENTS}/web`,
        body: { propagationPolicy: 'Sideways' },
        status: 422,
        message: /propagationPolicy: Unsupported value: "Sideways"/,
      },
    ],
  },
  {
    name: 'paths that lead nowhere, and methods that are not served',
    steps: [
      {
        request: 'GET /api/v1/nonsense',
        status: 404,
        message: 'the server could not find the requested resource',
      },
      { request: 'GET /apis/nonsense.example/v1/things', status: 404 },
      { request: 'GET /nonsense', status: 404 },
      {
        request: `PUT ${CONFIG_MAPS}`,
        body: configMap('a'),
        status: 405,
        message: 'the server does not allow this method on the requested resource',
      },
      { request: 'DELETE /api/v1/namespaces', status: 405 },
      { request: `POST ${CONFIG_MAPS}/a`, body: configMap('a'), status: 405 },
      {
        request: 'DELETE /api/v1/namespaces/default',
        status: 403,
        message: 'namespaces "default" is forbidden: this namespace may not be deleted',
      },
    ],
  },
  {
    name: 'each kind answers its deletion in its way',
    steps: [
      {
        request: `POST ${PODS}`,
        body: { metadata: { name: 'p' }, spec: { containers: [{ name: 'a', image: 'a' }] } },
        status: 201,
      },
      {
        request: `DELETE ${PODS}/p`,
        status: 200,
        expect: { kind: 'Pod', metadata: { deletionGracePeriodSeconds: 0 } },
      },
      { request: `GET ${PODS}/p`, status: 404 },
      {
        request: `POST ${PODS}`,
        body: { metadata: { name: 'p' }, spec: { containers: [{ name: 'a', image: 'a' }] } },
        status: 201,
      },
      {
        request: `POST ${PODS}/p/binding`,
        body: { metadata: { name: 'p' }, target: { kind: 'Node', name: 'n' } },
        status: 201,
      },
      {
        request: `POST ${PODS}/p/binding`,
        body: { metadata: { name: 'p' }, target: { kind: 'Node', name: 'n' } },
        status: 409,
        message: /pod p is already assigned to node "n"/,
      },
      {
        request: `DELETE ${PODS}/p`,
        status: 200,
        expect: { kind: 'Pod', metadata: { deletionGracePeriodSeconds: 30 } },
      },
      {
        request: `DELETE ${PODS}/p`,
        body: { gracePeriodSeconds: 5 },
        status: 200,
        expect: { metadata: { deletionGracePeriodSeconds: 5 } },
      },
      {
        request: `POST ${PODS}`,
        body: { metadata: { name: 'p' }, spec: { containers: [{ name: 'a', image: 'a' }] } },
        status: 409,
        message: 'object is being deleted: pods "p" already exists',
      },
      { request: `DELETE ${PODS}/p?gracePeriodSeconds=0`, status: 200 },
      { request: `GET ${PODS}/p`, status: 404 },
      {
        request: `POST ${SERVICES}`,
        body: { metadata: { name: 's' }, spec: { ports: [{ port: 80 }] } },
        status: 201,
      },
      { request: `DELETE ${SERVICES}/s`, status: 200, expect: { kind: 'Service' } },
      {
        request: 'DELETE /api/v1/namespaces/{ns}',
        status: 200,
        expect: { kind: 'Namespace', status: { phase: 'Terminating' } },
      },
      {
        request: `POST ${CONFIG_MAPS}`,
        body: configMap('late'),
        status: 403,
        message:
          'configmaps "late" is forbidden: unable to create new content in namespace {ns} because it is being terminated',
      },
      {
        request: 'PUT /api/v1/namespaces/{ns}/finalize',
        body: { metadata: { name: '{ns}' }, spec: {} },
        status: 200,
      },
      { request: 'GET /api/v1/namespaces/{ns}', status: 404 },
    ],
  },
];
