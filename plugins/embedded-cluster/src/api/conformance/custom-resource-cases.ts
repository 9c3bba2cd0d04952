import { APPLY, MERGE, STRATEGIC, type Case } from './case.ts';

const SPEC = {
  type: 'object',
  required: ['engine'],
  properties: {
    engine: { type: 'string', enum: ['fast', 'slow'] },
    size: { type: 'integer', minimum: 1, default: 2 },
    zones: { type: 'array', items: { type: 'string' }, maxItems: 2, 'x-kubernetes-list-type': 'set' },
    since: { type: 'string', format: 'date-time' },
    share: { 'x-kubernetes-int-or-string': true },
    empty: { type: 'object' },
    free: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
    counts: { type: 'object', additionalProperties: { type: 'integer' } },
    rules: {
      type: 'array',
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['name'],
      items: {
        type: 'object',
        required: ['name'],
        properties: { name: { type: 'string' }, level: { type: 'integer', default: 5 } },
      },
    },
  },
};

function definition(group: string): object {
  const version = (name: string, storage: boolean): object => ({
    name,
    served: true,
    storage,
    subresources: {
      status: {},
      scale: { specReplicasPath: '.spec.size', statusReplicasPath: '.status.size' },
    },
    additionalPrinterColumns: [{ name: 'Engine', type: 'string', jsonPath: '.spec.engine' }],
    schema: {
      openAPIV3Schema: {
        type: 'object',
        properties: { spec: SPEC, status: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
      },
    },
  });
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `motors.${group}` },
    spec: {
      group,
      scope: 'Namespaced',
      names: { plural: 'motors', kind: 'Motor', shortNames: ['mo'] },
      versions: [version('v1', true), version('v1beta1', false)],
    },
  };
}

/** CustomResourceDefinitions and their objects, in a group of the run's own. */
export function customCases(prefix: string): readonly Case[] {
  const group = `${prefix}.example.com`;
  const definitions = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
  const motors = `/apis/${group}/v1/namespaces/{ns}/motors`;
  const motor = (name: string, spec: object, more: object = {}): object => ({
    apiVersion: `${group}/v1`,
    kind: 'Motor',
    metadata: { name },
    spec,
    ...more,
  });
  return [
    {
      name: 'a definition is checked',
      steps: [
        {
          request: `POST ${definitions}`,
          body: { ...definition(group), metadata: { name: 'wrong' } },
          status: 422,
          message: /metadata.name: Invalid value: "wrong": must be spec.names.plural\+"."\+spec.group/,
        },
        {
          request: `POST ${definitions}`,
          body: definition(group),
          status: 201,
          expect: {
            spec: { names: { singular: 'motor', listKind: 'MotorList' }, conversion: { strategy: 'None' } },
          },
        },
      ],
    },
    {
      name: 'custom objects are pruned, defaulted and validated',
      steps: [
        {
          eventually: true, // a real API server serves a definition a moment after it was created
          request: `POST ${motors}`,
          body: motor(
            'a',
            { engine: 'fast', nope: 1, empty: { x: 1 }, free: { x: 1 }, rules: [{ name: 'r' }] },
            { status: { x: 1 } },
          ),
          status: 201,
          expect: {
            metadata: { generation: 1 },
            spec: { size: 2, empty: {}, free: { x: 1 }, rules: [{ name: 'r', level: 5 }] },
          },
        },
        { request: `GET ${motors}/a`, status: 200 },
        {
          request: `POST ${motors}?fieldValidation=Strict`,
          body: motor('b', { engine: 'fast', nope: 1 }),
          status: 400,
          message:
            'Motor in version "v1" cannot be handled as a Motor: strict decoding error: unknown field "spec.nope"',
        },
        {
          request: `POST ${motors}`,
          body: motor('b', {}),
          status: 422,
          message: 'Motor.{group} "b" is invalid: spec.engine: Required value'.replace('{group}', group),
        },
        {
          request: `POST ${motors}`,
          body: motor('b', { engine: 'none' }),
          status: 422,
          message: /spec.engine: Unsupported value: "none": supported values: "fast", "slow"/,
        },
        {
          request: `POST ${motors}`,
          body: motor('b', { engine: 'fast', size: 0 }),
          status: 422,
          message: /spec.size: Invalid value: 0: spec.size in body should be greater than or equal to 1/,
        },
        {
          request: `POST ${motors}`,
          body: motor('b', { engine: 'fast', zones: ['a', 'a'] }),
          status: 422,
          message: /spec.zones\[1\]: Duplicate value: "a"/,
        },
        {
          request: `POST ${motors}`,
          body: motor('b', { engine: 'fast', since: 'now' }),
          status: 422,
          message: /spec.since in body must be of type date-time: "now"/,
        },
        {
          request: `POST ${motors}`,
          body: motor('b', { engine: 'fast', share: true }),
          status: 422,
          message: /spec.share in body must be of type integer,string: "boolean"/,
        },
        {
          request: `POST ${motors}`,
          body: motor('b', { engine: 'fast', counts: { x: 'y' } }),
          status: 422,
          message: /spec.counts.x in body must be of type integer: "string"/,
        },
        {
          request: `POST ${motors}`,
          body: motor('b', { engine: 'fast', rules: [{ name: 'r' }, { name: 'r' }] }),
          status: 422,
          message: /spec.rules\[1\]: Duplicate value: {"name":"r"}/,
        },
        {
          request: `POST ${motors}`,
          body: { metadata: { name: 'b' }, spec: { engine: 'fast' } },
          status: 400,
          message: /Object 'Kind' is missing/,
        },
        {
          request: `PUT ${motors}/a`,
          body: motor('a', { engine: 'slow' }),
          status: 422,
          message: /metadata.resourceVersion: Invalid value: 0: must be specified for an update/,
        },
        {
          request: `PATCH ${motors}/a`,
          contentType: MERGE,
          body: { spec: { engine: 'slow' }, status: { y: 1 } },
          status: 200,
          expect: { metadata: { generation: 2 }, spec: { engine: 'slow' } },
        },
        {
          request: `PATCH ${motors}/a/status`,
          contentType: MERGE,
          body: { spec: { engine: 'fast' }, status: { size: 1 } },
          status: 200,
          expect: { metadata: { generation: 2 }, spec: { engine: 'slow' }, status: { size: 1 } },
        },
        { request: `PATCH ${motors}/a`, contentType: STRATEGIC, body: {}, status: 415 },
        {
          request: `PATCH ${motors}/a?fieldManager=m`,
          contentType: APPLY,
          body: motor('a', { engine: 'fast', rules: [{ name: 's', level: 1 }] }),
          status: 409,
        },
        {
          request: `PATCH ${motors}/a?fieldManager=m&force=true`,
          contentType: APPLY,
          body: motor('a', { engine: 'fast', rules: [{ name: 's', level: 1 }] }),
          status: 200,
          expect: { spec: { rules: [{ name: 'r' }, { name: 's' }] } },
        },
        {
          request: `GET ${motors}/a/scale`,
          status: 200,
          expect: { kind: 'Scale', spec: { replicas: 2 }, status: { replicas: 1 } },
        },
        {
          request: `PATCH ${motors}/a/scale`,
          contentType: MERGE,
          body: { spec: { replicas: 3 } },
          status: 200,
          expect: { spec: { replicas: 3 } },
        },
        {
          request: `GET /apis/${group}/v1beta1/namespaces/{ns}/motors/a`,
          status: 200,
          expect: { apiVersion: `${group}/v1beta1`, spec: { size: 3 } },
        },
        {
          request: `GET /apis/${group}/v1beta1/namespaces/{ns}/motors`,
          status: 200,
          expect: { items: [{ apiVersion: `${group}/v1beta1` }] },
        },
        {
          request: `GET ${motors}`,
          headers: { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' },
          status: 200,
          expect: {
            columnDefinitions: [{ name: 'Name' }, { name: 'Engine' }],
            rows: [{ cells: ['a', 'fast'] }],
          },
        },
        { request: `DELETE ${motors}/a`, status: 200, expect: { status: 'Success' } },
      ],
    },
  ];
}
