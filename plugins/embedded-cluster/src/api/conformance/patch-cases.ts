import {
  CONFIG_MAPS,
  configMap,
  DEPLOYMENTS,
  deployment,
  JSON_PATCH,
  MERGE,
  SHOWN_OBJECT,
  STRATEGIC,
  type Case,
} from './case.ts';

/** Merge patch, JSON patch, strategic merge patch. */
export const PATCH_CASES: readonly Case[] = [
  {
    name: 'merge patch',
    steps: [
      { request: `POST ${CONFIG_MAPS}`, body: configMap('a', { a: '1', b: '2' }), status: 201 },
      {
        request: `PATCH ${CONFIG_MAPS}/a`,
        contentType: MERGE,
        body: { data: { a: null, c: '3' } },
        status: 200,
        expect: { data: { b: '2', c: '3' } },
      },
      {
        request: `PATCH ${CONFIG_MAPS}/a`,
        contentType: MERGE,
        body: { metadata: { resourceVersion: '1' } },
        status: 409,
      },
      {
        request: `PATCH ${CONFIG_MAPS}/a`,
        contentType: MERGE,
        body: { metadata: { uid: 'x' } },
        status: 422,
        message: 'ConfigMap "a" is invalid: metadata.uid: Invalid value: "x": field is immutable',
      },
      { request: `PATCH ${CONFIG_MAPS}/a`, contentType: MERGE, body: '{', status: 400 },
      { request: `PATCH ${CONFIG_MAPS}/a`, contentType: 'application/json', body: {}, status: 415 },
      { request: `PATCH ${CONFIG_MAPS}/none`, contentType: MERGE, body: {}, status: 404 },
    ],
  },
  {
    name: 'json patch',
    steps: [
      {
        request: `POST ${CONFIG_MAPS}`,
        body: configMap('a', { a: '1' }, { labels: { 'x/y': '1' } }),
        status: 201,
      },
      {
        request: `PATCH ${CONFIG_MAPS}/a`,
        contentType: JSON_PATCH,
        body: [
          { op: 'test', path: '/data/a', value: '1' },
          { op: 'copy', from: '/data/a', path: '/data/b' },
          { op: 'move', from: '/data/a', path: '/data/c' },
          { op: 'replace', path: '/metadata/labels/x~1y', value: '2' },
        ],
        status: 200,
        expect: { data: { b: '1', c: '1' }, metadata: { labels: { 'x/y': '2' } } },
      },
      {
        request: `PATCH ${CONFIG_MAPS}/a`,
        contentType: JSON_PATCH,
        body: [{ op: 'remove', path: '/data/none' }],
        status: 422,
      },
      {
        request: `PATCH ${CONFIG_MAPS}/a`,
        contentType: JSON_PATCH,
        body: [{ op: 'test', path: '/data/b', value: 'x' }],
        status: 422,
      },
      {
        request: `PATCH ${CONFIG_MAPS}/a`,
        contentType: JSON_PATCH,
        body: {},
        status: 400,
        message:
          'error decoding patch: json: cannot unmarshal object into Go value of type []handlers.jsonPatchOp',
      },
    ],
  },
  {
    name: 'strategic merge patch follows the merge keys and its directives',
    steps: [
      {
        request: `POST ${DEPLOYMENTS}`,
        body: deployment('web', { env: [{ name: 'A', value: '1' }], args: ['x', 'y'] }),
        status: 201,
      },
      {
        request: `PATCH ${DEPLOYMENTS}/web`,
        contentType: STRATEGIC,
        body: {
          spec: {
            template: {
              spec: { containers: [{ name: 'web', env: [{ name: 'B', value: '2' }], args: ['z'] }] },
            },
          },
        },
        status: 200,
        expect: {
          spec: {
            template: {
              spec: { containers: [{ image: 'web:1', env: [{ name: 'B' }, { name: 'A' }], args: ['z'] }] },
            },
          },
        },
      },
      {
        request: `PATCH ${DEPLOYMENTS}/web`,
        contentType: STRATEGIC,
        body: {
          spec: {
            template: {
              spec: {
                containers: [
                  { name: 'side', image: 'side' },
                  { name: 'web', env: [{ name: 'A', $patch: 'delete' }] },
                ],
                '$setElementOrder/containers': [{ name: 'side' }, { name: 'web' }],
              },
            },
          },
        },
        status: 200,
        expect: {
          spec: {
            template: { spec: { containers: [{ name: 'side' }, { name: 'web', env: [{ name: 'B' }] }] } },
          },
        },
      },
      {
        request: `PATCH ${DEPLOYMENTS}/web`,
        contentType: STRATEGIC,
        body: { spec: { strategy: { $retainKeys: ['type'], type: 'Recreate' } } },
        status: 200,
        expect: { spec: { strategy: { type: 'Recreate' } } },
      },
      {
        request: `PATCH ${DEPLOYMENTS}/web`,
        contentType: STRATEGIC,
        body: {
          spec: {
            template: { spec: { containers: [{ $patch: 'replace' }, { name: 'only', image: 'only' }] } },
          },
        },
        status: 200,
        expect: { spec: { template: { spec: { containers: [{ name: 'only' }] } } } },
      },
      {
        request: `PATCH ${DEPLOYMENTS}/web`,
        contentType: MERGE,
        body: { spec: { replicas: 'x' } },
        mayDiffer: SHOWN_OBJECT,
        status: 422,
        message:
          /patch: Invalid value: .*cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of type int32/,
      },
    ],
  },
];
