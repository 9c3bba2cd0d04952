import { APPLY, CONFIG_MAPS, configMap, MERGE, type Case } from './case.ts';

const OWNER = { apiVersion: 'v1', kind: 'Pod', name: 'p', uid: 'u' };

/** Managers of fields that are reset, and metadata that comes twice. */
export const MANAGER_CASES: readonly Case[] = [
  {
    name: 'managers that are reset stay away until something is applied',
    steps: [
      { request: `POST ${CONFIG_MAPS}`, body: configMap('a', { k: '1' }), status: 201 },
      {
        request: `PATCH ${CONFIG_MAPS}/a`,
        contentType: MERGE,
        body: { metadata: { managedFields: [{}] } },
        status: 200,
      },
      { request: `PATCH ${CONFIG_MAPS}/a`, contentType: MERGE, body: { data: { l: '1' } }, status: 200 },
      {
        request: `PATCH ${CONFIG_MAPS}/a?fieldManager=one`,
        contentType: APPLY,
        body: configMap('a', { l: '2' }),
        status: 409,
        message: 'Apply failed with 1 conflict: conflict with "before-first-apply" using v1: .data.l',
      },
      {
        request: `PATCH ${CONFIG_MAPS}/a?fieldManager=one&force=true`,
        contentType: APPLY,
        body: configMap('a', { l: '2' }),
        status: 200,
        expect: { metadata: { managedFields: [{ manager: 'one' }, { manager: 'before-first-apply' }] } },
      },
      {
        request: `PUT ${CONFIG_MAPS}/a`,
        body: configMap('a', { l: '2' }, { managedFields: [] }),
        status: 200,
      },
      {
        request: `PUT ${CONFIG_MAPS}/a`,
        body: configMap('a', { l: '3' }, { managedFields: [{ manager: 'x', operation: 'Guess' }] }),
        status: 200,
      },
    ],
  },
  {
    name: 'an applied configuration is of the kind and name that it is applied to',
    steps: [
      { request: `POST ${CONFIG_MAPS}`, body: configMap('a'), status: 201 },
      {
        request: `PATCH ${CONFIG_MAPS}/a?fieldManager=m`,
        contentType: APPLY,
        body: { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'a' } },
        status: 400,
        message: 'invalid object type: /v1, Kind=Secret',
      },
      {
        request: `PATCH ${CONFIG_MAPS}/a?fieldManager=m`,
        contentType: APPLY,
        body: '[]',
        status: 400,
        message:
          'error decoding YAML: error unmarshaling JSON: while decoding JSON: json: cannot unmarshal array into Go value of type map[string]interface {}',
      },
      {
        request: `PATCH ${CONFIG_MAPS}/a?fieldManager=m`,
        contentType: APPLY,
        body: configMap('b'),
        status: 400,
        message: 'the name of the object (b) does not match the name on the URL (a)',
      },
      {
        request: `PATCH ${CONFIG_MAPS}/b?fieldManager=m`,
        contentType: APPLY,
        body: configMap('b', {}, { uid: 'u' }),
        status: 409,
        message:
          'Operation cannot be fulfilled on configmaps "b": uid mismatch: the provided object specified uid u, and no existing object was found',
      },
      {
        request: `PATCH ${CONFIG_MAPS}/a?fieldManager=m`,
        contentType: APPLY,
        body: configMap('a', { n: null }),
        status: 200,
        expect: { data: { n: '' } },
      },
    ],
  },
  {
    name: 'an update names what it updates',
    steps: [
      {
        request: `POST ${CONFIG_MAPS}`,
        body: configMap('a', {}, { ownerReferences: [OWNER, OWNER] }),
        status: 201,
        expect: { metadata: { ownerReferences: [OWNER] } },
        warning:
          '299 - ".metadata.ownerReferences contains duplicate entries; API server dedups owner references in 1.20+, and may reject such requests as early as 1.24; please fix your requests; duplicate UID(s) observed: u"',
      },
      {
        request: `PUT ${CONFIG_MAPS}/a`,
        body: { kind: 'ConfigMap', apiVersion: 'v1' },
        status: 400,
        message: 'the name of the object (a based on URL) was undeterminable: name must be provided',
      },
      {
        request: `PUT ${CONFIG_MAPS}/a`,
        body: configMap('a', {}, { uid: 'x' }),
        status: 409,
        message:
          /^Operation cannot be fulfilled on configmaps "a": StorageError: invalid object, Code: 4, Key: \/registry\/configmaps\/.*\/a, ResourceVersion: 0, AdditionalErrorMsg: Precondition failed: UID in precondition: x, UID in object meta: /,
      },
      {
        request: `PUT ${CONFIG_MAPS}/a`,
        body: configMap('a', {}, { resourceVersion: '1' }),
        status: 409,
        message:
          'Operation cannot be fulfilled on configmaps "a": the object has been modified; please apply your changes to the latest version and try again',
      },
      {
        request: `PUT ${CONFIG_MAPS}/a`,
        body: configMap('a', {}, { resourceVersion: 'x' }),
        status: 500,
        message: 'strconv.ParseUint: parsing "x": invalid syntax',
      },
      {
        request: `PUT ${CONFIG_MAPS}/a`,
        body: { kind: 'Secret', apiVersion: 'v1', metadata: { name: 'a' } },
        status: 400,
        message:
          'Secret in version "v1" cannot be handled as a ConfigMap: converting (v1.Secret) to (core.ConfigMap): unknown conversion',
      },
      { request: 'DELETE /api/v1/configmaps', status: 405 },
      { request: `OPTIONS ${CONFIG_MAPS}`, status: 405 },
      { request: `HEAD ${CONFIG_MAPS}/a`, status: 405 },
      { request: 'GET /api/v2/pods', status: 404, expect: { reason: 'NotFound' } },
    ],
  },
];
