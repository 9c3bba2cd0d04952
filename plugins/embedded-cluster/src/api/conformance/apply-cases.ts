import { APPLY, CONFIG_MAPS, configMap, DEPLOYMENTS, deployment, STRATEGIC, type Case } from './case.ts';

function applied(name: string, data: Readonly<Record<string, unknown>>): object {
  return configMap(name, data);
}

/** Server-side apply. */
export const APPLY_CASES: readonly Case[] = [
  {
    name: 'server-side apply: ownership, conflicts, force, and what is let go of',
    steps: [
      {
        request: `PATCH ${CONFIG_MAPS}/a`,
        contentType: APPLY,
        body: applied('a', { k: '1' }),
        status: 422,
        message:
          'PatchOptions.meta.k8s.io "" is invalid: fieldManager: Required value: is required for apply patch',
      },
      {
        request: `PATCH ${CONFIG_MAPS}/a?fieldManager=one`,
        contentType: APPLY,
        body: applied('a', { k: '1', l: '1' }),
        status: 201,
        expect: {
          metadata: {
            managedFields: [
              { manager: 'one', operation: 'Apply', fieldsV1: { 'f:data': { 'f:k': {}, 'f:l': {} } } },
            ],
          },
        },
      },
      {
        request: `PATCH ${CONFIG_MAPS}/a?fieldManager=two`,
        contentType: APPLY,
        body: applied('a', { k: '2', l: '2' }),
        status: 409,
        message: 'Apply failed with 2 conflicts: conflicts with "one":\n- .data.k\n- .data.l',
        expect: {
          reason: 'Conflict',
          details: {
            causes: [
              { reason: 'FieldManagerConflict', field: '.data.k', message: 'conflict with "one"' },
              { field: '.data.l' },
            ],
          },
        },
      },
      {
        request: `PATCH ${CONFIG_MAPS}/a?fieldManager=two`,
        contentType: APPLY,
        body: applied('a', { k: '1', m: '2' }),
        status: 200,
        expect: { data: { k: '1', l: '1', m: '2' } },
      },
      {
        request: `PATCH ${CONFIG_MAPS}/a?fieldManager=one`,
        contentType: APPLY,
        body: applied('a', { k: '3' }),
        status: 409,
        message: 'Apply failed with 1 conflict: conflict with "two": .data.k',
      },
      {
        request: `PATCH ${CONFIG_MAPS}/a?fieldManager=one&force=true`,
        contentType: APPLY,
        body: applied('a', { k: '3' }),
        status: 200,
        expect: { data: { k: '3', m: '2' } },
      },
      {
        request: `PATCH ${CONFIG_MAPS}/a?fieldManager=one`,
        contentType: APPLY,
        body: applied('a', {}),
        status: 200,
        expect: { data: { m: '2' } },
      },
      {
        request: `PATCH ${CONFIG_MAPS}/a?fieldManager=one`,
        contentType: APPLY,
        body: { ...applied('a', {}), nope: 1 },
        status: 500,
        message:
          'failed to create typed patch object (/a; /v1, Kind=ConfigMap): .nope: field not declared in schema',
      },
      {
        request: `PATCH ${CONFIG_MAPS}/a?fieldManager=one`,
        contentType: APPLY,
        body: configMap('a', {}, { managedFields: [{}] }),
        status: 400,
        message: 'metadata.managedFields must be nil',
      },
      {
        request: `PATCH ${CONFIG_MAPS}/a?fieldManager=one`,
        contentType: APPLY,
        body: 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\ndata:\n  z: aml\n',
        status: 200,
        expect: { data: { m: '2', z: 'aml' } },
      },
    ],
  },
  {
    name: 'apply merges lists by their keys, and updates take fields over',
    steps: [
      {
        request: `PATCH ${DEPLOYMENTS}/web?fieldManager=one`,
        contentType: APPLY,
        body: deployment('web', { env: [{ name: 'A', value: '1' }], ports: [{ containerPort: 80 }] }),
        status: 201,
      },
      {
        request: `PATCH ${DEPLOYMENTS}/web?fieldManager=two`,
        contentType: APPLY,
        body: {
          apiVersion: 'apps/v1',
          kind: 'Deployment',
          metadata: { name: 'web' },
          spec: {
            template: {
              spec: {
                containers: [
                  { name: 'web', env: [{ name: 'B', value: '2' }] },
                  { name: 'side', image: 'side' },
                ],
              },
            },
          },
        },
        status: 200,
        expect: {
          spec: {
            template: {
              spec: {
                containers: [
                  { name: 'web', image: 'web:1', env: [{ name: 'A' }, { name: 'B' }] },
                  { name: 'side' },
                ],
              },
            },
          },
        },
      },
      {
        request: `PATCH ${DEPLOYMENTS}/web`,
        contentType: STRATEGIC,
        body: { spec: { template: { spec: { containers: [{ name: 'web', image: 'web:2' }] } } } },
        status: 200,
      },
      {
        request: `PATCH ${DEPLOYMENTS}/web?fieldManager=one`,
        contentType: APPLY,
        body: deployment('web', { env: [{ name: 'A', value: '1' }], ports: [{ containerPort: 80 }] }),
        status: 409,
        message:
          'Apply failed with 1 conflict: conflict with "test" using apps/v1: .spec.template.spec.containers[name="web"].image',
      },
      {
        request: `PATCH ${DEPLOYMENTS}/web?fieldManager=two`,
        contentType: APPLY,
        body: {
          apiVersion: 'apps/v1',
          kind: 'Deployment',
          metadata: { name: 'web' },
          spec: { template: { spec: { containers: [{ name: 'side', image: 'side' }] } } },
        },
        status: 200,
        expect: {
          spec: {
            template: { spec: { containers: [{ name: 'web', env: [{ name: 'A' }] }, { name: 'side' }] } },
          },
        },
      },
    ],
  },
];
