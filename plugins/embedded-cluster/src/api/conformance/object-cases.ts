import { CONFIG_MAPS, configMap, DEPLOYMENTS, deployment, PODS, SERVICES, type Case } from './case.ts';

const MODIFIED =
  'the object has been modified; please apply your changes to the latest version and try again';

/** Create, read, update, delete; defaults; what is refused and how. */
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
    name: 'what cannot be read or is of the wrong type is refused with its place',
    steps: [
      {
        request: `POST ${CONFIG_MAPS}`,
        body: '{"metadata":',
        status: 400,
        message: /couldn't get version\/kind; json parse error/,
      },
      {
        request: `POST ${CONFIG_MAPS}`,
        body: configMap('a'),
        contentType: 'text/plain',
        status: 415,
        message: /accepted media types include: application\/json/,
      },
      {
        request: `POST ${CONFIG_MAPS}`,
        body: configMap('a', { k: 1 }),
        status: 400,
        message:
          'ConfigMap in version "v1" cannot be handled as a ConfigMap: json: cannot unmarshal number into Go struct field ConfigMap.data of type string',
      },
      {
        request: `POST ${DEPLOYMENTS}`,
        body: deployment('a', { ports: [{ containerPort: 'x' }] }),
        status: 400,
        message:
          /cannot unmarshal string into Go struct field ContainerPort.spec.template.spec.containers.ports.containerPort of type int32/,
      },
      {
        request: `POST ${CONFIG_MAPS}`,
        body: configMap('a', {}, { namespace: 'elsewhere' }),
        status: 400,
        message: 'the namespace of the provided object does not match the namespace sent on the request',
      },
      {
        request: `POST ${CONFIG_MAPS}?fieldValidation=Strict`,
        body: { ...configMap('a'), nope: 1 },
        status: 400,
        message:
          'ConfigMap in version "v1" cannot be handled as a ConfigMap: strict decoding error: unknown field "nope"',
      },
      {
        request: `POST ${CONFIG_MAPS}`,
        body: { ...configMap('a'), nope: 1 },
        status: 201,
        warning: '299 - "unknown field \\"nope\\""',
      },
      {
        request: `POST ${CONFIG_MAPS}?fieldValidation=Ignore`,
        body: { ...configMap('b'), nope: 1 },
        status: 201,
      },
      {
        request: `POST ${CONFIG_MAPS}?dryRun=Some`,
        body: configMap('a'),
        status: 422,
        message: /PatchOptions|CreateOptions.meta.k8s.io "" is invalid: dryRun: Unsupported value/,
      },
      {
        request: 'POST /api/v1/namespaces/none-such/configmaps',
        body: configMap('a'),
        status: 404,
        message: 'namespaces "none-such" not found',
      },
    ],
  },
  {
    name: 'names, labels and keys follow the rules, all findings at once',
    steps: [
      {
        request: `POST ${CONFIG_MAPS}`,
        body: configMap(''),
        status: 422,
        message: 'ConfigMap "" is invalid: metadata.name: Required value: name or generateName is required',
      },
      {
        request: `POST ${CONFIG_MAPS}`,
        body: configMap('A', { 'a b': '' }, { labels: { 'a b': '-' } }),
        status: 422,
        expect: {
          reason: 'Invalid',
          details: {
            causes: [
              { field: 'metadata.name' },
              { field: 'metadata.labels' },
              { field: 'metadata.labels' },
              { field: 'data[a b]' },
            ],
          },
        },
      },
      {
        request: `POST ${SERVICES}`,
        body: { metadata: { name: '1a' }, spec: {} },
        status: 422,
        message: /DNS-1035 label .* spec.ports: Required value/,
      },
      {
        request: `POST ${DEPLOYMENTS}`,
        body: deployment('a', {}, { replicas: -1, selector: { matchLabels: { app: 'b' } } }),
        status: 422,
        expect: {
          details: {
            causes: [
              { field: 'spec.replicas', reason: 'FieldValueInvalid' },
              { field: 'spec.template.metadata.labels' },
            ],
          },
        },
      },
      {
        request: `POST ${PODS}`,
        body: { metadata: { name: 'a' }, spec: { containers: [{ name: 'a' }] } },
        status: 422,
        message: 'Pod "a" is invalid: spec.containers[0].image: Required value',
      },
    ],
  },
  {
    name: 'what is left out gets its default, and quantities their canonical form',
    steps: [
      {
        request: `POST ${DEPLOYMENTS}`,
        body: deployment('web', {
          ports: [{ containerPort: 80 }],
          resources: { limits: { cpu: '1000m', memory: '1024Mi' } },
        }),
        status: 201,
        expect: {
          metadata: { generation: 1 },
          spec: {
            replicas: 1,
            revisionHistoryLimit: 10,
            progressDeadlineSeconds: 600,
            strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: '25%', maxUnavailable: '25%' } },
            template: {
              spec: {
                containers: [
                  {
                    imagePullPolicy: 'IfNotPresent',
                    ports: [{ containerPort: 80, protocol: 'TCP' }],
                    resources: { limits: { cpu: '1', memory: '1Gi' } },
                    terminationMessagePath: '/dev/termination-log',
                  },
                ],
                dnsPolicy: 'ClusterFirst',
                restartPolicy: 'Always',
                terminationGracePeriodSeconds: 30,
              },
            },
          },
          status: {},
        },
      },
      {
        request: `POST ${SERVICES}`,
        body: { metadata: { name: 'web' }, spec: { ports: [{ port: 80 }] } },
        status: 201,
        expect: {
          spec: {
            type: 'ClusterIP',
            sessionAffinity: 'None',
            internalTrafficPolicy: 'Cluster',
            ports: [{ port: 80, protocol: 'TCP', targetPort: 80 }],
          },
          status: { loadBalancer: {} },
        },
      },
      {
        request: 'POST /api/v1/namespaces/{ns}/secrets',
        body: { metadata: { name: 's' }, stringData: { a: 'b' } },
        status: 201,
        expect: { type: 'Opaque', data: { a: 'Yg==' } },
      },
      {
        request: 'POST /apis/batch/v1/namespaces/{ns}/jobs',
        body: {
          metadata: { name: 'j' },
          spec: { template: { spec: { restartPolicy: 'Never', containers: [{ name: 'a', image: 'a' }] } } },
        },
        status: 201,
        expect: {
          spec: {
            completions: 1,
            parallelism: 1,
            backoffLimit: 6,
            completionMode: 'NonIndexed',
            suspend: false,
          },
        },
      },
    ],
  },
  {
    name: 'fields that cannot change do not',
    steps: [
      { request: `POST ${DEPLOYMENTS}`, body: deployment('web'), status: 201 },
      {
        request: `PUT ${DEPLOYMENTS}/web`,
        body: deployment(
          'web',
          {},
          {
            selector: { matchLabels: { app: 'x' } },
            template: {
              metadata: { labels: { app: 'x' } },
              spec: { containers: [{ name: 'a', image: 'a' }] },
            },
          },
        ),
        status: 422,
        message:
          'Deployment.apps "web" is invalid: spec.selector: Invalid value: {"matchLabels":{"app":"x"}}: field is immutable',
      },
      {
        request: `POST ${CONFIG_MAPS}`,
        body: { ...configMap('fixed', { a: '1' }), immutable: true },
        status: 201,
      },
      {
        request: `PUT ${CONFIG_MAPS}/fixed`,
        body: { ...configMap('fixed', { a: '2' }), immutable: true },
        status: 422,
        message: 'ConfigMap "fixed" is invalid: data: Forbidden: field is immutable when `immutable` is set',
      },
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
];
