import { CONFIG_MAPS, configMap, DEPLOYMENTS, deployment, PODS, SERVICES, type Case } from './case.ts';

/** What is refused and how; defaults. */
export const VALIDATION_CASES: readonly Case[] = [
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
];
