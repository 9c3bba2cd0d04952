import { APPLY, CONFIG_MAPS, configMap, MERGE, PODS, type Case, type Step } from './case.ts';

const LIST_OPTIONS = 'ListOptions.meta.k8s.io "" is invalid: ';
const FORBIDDEN = 'resourceVersionMatch: Forbidden: ';

function refusedList(query: string, message: string): Step {
  return { request: `GET ${CONFIG_MAPS}?${query}`, status: 422, message: `${LIST_OPTIONS}${message}` };
}

function refusedDelete(body: object, message: string): Step {
  return {
    request: `DELETE ${CONFIG_MAPS}/a`,
    body: { kind: 'DeleteOptions', apiVersion: 'v1', ...body },
    status: 422,
    message: `DeleteOptions.meta.k8s.io "" is invalid: ${message}`,
  };
}

function refusedLog(query: string, message: string): Step {
  return {
    request: `GET ${PODS}/a/log?${query}`,
    status: 422,
    message: `PodLogOptions "a" is invalid: ${message}`,
  };
}

/** Options of requests: what may be combined, and dry runs of everything. */
export const OPTION_CASES: readonly Case[] = [
  {
    name: 'options of lists and watches go together or are refused',
    steps: [
      refusedList(
        'resourceVersionMatch=Exact',
        `${FORBIDDEN}resourceVersionMatch is forbidden unless resourceVersion is provided`,
      ),
      refusedList(
        'resourceVersionMatch=Exact&resourceVersion=0',
        `${FORBIDDEN}resourceVersionMatch "exact" is forbidden for resourceVersion "0"`,
      ),
      refusedList(
        'resourceVersionMatch=Other&resourceVersion=1',
        'resourceVersionMatch: Unsupported value: "Other": supported values: "Exact", "NotOlderThan", ""',
      ),
      refusedList(
        'resourceVersionMatch=Other&continue=x',
        `[${FORBIDDEN}resourceVersionMatch is forbidden unless resourceVersion is provided, ${FORBIDDEN}resourceVersionMatch is forbidden when continue is provided, resourceVersionMatch: Unsupported value: "Other": supported values: "Exact", "NotOlderThan", ""]`,
      ),
      refusedList(
        'sendInitialEvents=true',
        'sendInitialEvents: Forbidden: sendInitialEvents is forbidden for list',
      ),
      refusedList(
        'watch=true&sendInitialEvents=true',
        `${FORBIDDEN}sendInitialEvents requires setting resourceVersionMatch to NotOlderThan`,
      ),
      refusedList(
        'watch=true&resourceVersionMatch=Exact',
        `[${FORBIDDEN}resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided, resourceVersionMatch: Unsupported value: "Exact": supported values: "NotOlderThan"]`,
      ),
      refusedList(
        'watch=true&resourceVersionMatch=NotOlderThan&sendInitialEvents=true&continue=x',
        `${FORBIDDEN}resourceVersionMatch is forbidden when continue is provided`,
      ),
      { request: `GET ${CONFIG_MAPS}?resourceVersion=0`, status: 200 },
      { request: `GET ${CONFIG_MAPS}?resourceVersion=0&resourceVersionMatch=NotOlderThan`, status: 200 },
      {
        request: `GET ${CONFIG_MAPS}?limit=x`,
        status: 400,
        message: 'strconv.ParseInt: parsing "x": invalid syntax',
      },
      {
        request: `GET ${CONFIG_MAPS}?continue=${Buffer.from('{"v":"meta.k8s.io/v2","rv":1,"start":"a"}').toString('base64url')}`,
        status: 400,
        message: /continue key is not valid: server does not recognize this encoded version meta.k8s.io\/v2/,
      },
      {
        request: `GET ${CONFIG_MAPS}?continue=${Buffer.from('{"v":"meta.k8s.io/v1","rv":0,"start":"a"}').toString('base64url')}`,
        status: 400,
        message:
          /continue key is not valid: incorrect encoded start resourceVersion \(version meta.k8s.io\/v1\)/,
      },
      {
        request: `GET ${CONFIG_MAPS}?continue=${Buffer.from('{"v":"meta.k8s.io/v1","rv":1,"start":""}').toString('base64url')}`,
        status: 400,
        message: /continue key is not valid: encoded start key empty \(version meta.k8s.io\/v1\)/,
      },
    ],
  },
  {
    name: 'options of writes are checked, all findings at once',
    steps: [
      {
        request: `POST ${CONFIG_MAPS}?dryRun=Some&fieldValidation=Perhaps&fieldManager=a%01b`,
        body: configMap('a'),
        status: 422,
        message:
          'CreateOptions.meta.k8s.io "" is invalid: [fieldManager: Invalid value: "a\\x01b": invalid character U+0001 (at position 1), dryRun: Unsupported value: ["Some"]: supported values: "All", fieldValidation: Unsupported value: "Perhaps": supported values: "", "Ignore", "Strict", "Warn"]',
      },
      {
        request: `POST ${CONFIG_MAPS}?fieldManager=${'x'.repeat(129)}`,
        body: configMap('a'),
        status: 422,
        message:
          'CreateOptions.meta.k8s.io "" is invalid: fieldManager: Too long: may not be more than 128 bytes',
      },
      {
        request: `PATCH ${CONFIG_MAPS}/a?force=true`,
        contentType: MERGE,
        body: {},
        status: 422,
        message:
          'PatchOptions.meta.k8s.io "" is invalid: force: Forbidden: may not be specified for non-apply patch',
      },
      { request: `POST ${CONFIG_MAPS}`, body: configMap('a'), status: 201 },
      refusedDelete(
        { propagationPolicy: 'Sideways' },
        'propagationPolicy: Unsupported value: "Sideways": supported values: "Foreground", "Background", "Orphan", "nil"',
      ),
      refusedDelete(
        { propagationPolicy: 'Orphan', orphanDependents: true },
        'propagationPolicy: Invalid value: "Orphan": orphanDependents and deletionPropagation cannot be both set',
      ),
      refusedDelete({ dryRun: ['Some'] }, 'dryRun: Unsupported value: ["Some"]: supported values: "All"'),
    ],
  },
  {
    name: 'a dry run of any write answers what would be, and leaves all as it is',
    steps: [
      { request: `POST ${CONFIG_MAPS}`, body: configMap('a', { k: '1' }), status: 201 },
      {
        request: `POST ${CONFIG_MAPS}?dryRun=All`,
        body: configMap('b'),
        status: 201,
        expect: { metadata: { name: 'b' } },
      },
      {
        request: `POST ${CONFIG_MAPS}?dryRun=All`,
        body: configMap('a'),
        status: 409,
        message: 'configmaps "a" already exists',
      },
      {
        request: `PUT ${CONFIG_MAPS}/a?dryRun=All`,
        body: configMap('a', { k: '2' }),
        status: 200,
        expect: { data: { k: '2' } },
      },
      {
        request: `PATCH ${CONFIG_MAPS}/a?dryRun=All`,
        contentType: MERGE,
        body: { data: { k: '3' } },
        status: 200,
        expect: { data: { k: '3' } },
      },
      {
        request: `PATCH ${CONFIG_MAPS}/c?dryRun=All&fieldManager=m`,
        contentType: APPLY,
        body: configMap('c'),
        status: 201,
      },
      { request: `DELETE ${CONFIG_MAPS}/a?dryRun=All`, status: 200, expect: { status: 'Success' } },
      {
        request: `DELETE ${CONFIG_MAPS}/a`,
        body: { dryRun: ['All'] },
        status: 200,
        expect: { status: 'Success' },
      },
      { request: `DELETE ${CONFIG_MAPS}?dryRun=All`, status: 200 },
      {
        request: `GET ${CONFIG_MAPS}`,
        status: 200,
        expect: { items: [{ metadata: { name: 'a' }, data: { k: '1' } }] },
      },
    ],
  },
  {
    name: 'options of logs are checked before the pod is looked for',
    steps: [
      refusedLog('tailLines=-1', 'tailLines: Invalid value: -1: must be greater than or equal to 0'),
      refusedLog('limitBytes=0', 'limitBytes: Invalid value: 0: must be greater than 0'),
      refusedLog('sinceSeconds=0', 'sinceSeconds: Invalid value: 0: must be greater than 0'),
      refusedLog(
        'sinceSeconds=1&sinceTime=2026-01-01T00:00:00Z',
        '[]: Forbidden: at most one of `sinceTime` or `sinceSeconds` may be specified',
      ),
      { request: `GET ${PODS}/a/log?sinceTime=x`, status: 400, message: /cannot parse "x" as "2006"/ },
      { request: `GET ${PODS}/a/log?tailLines=x`, status: 400, message: /ParseInt: parsing "x"/ },
      { request: `GET ${PODS}/a/log`, status: 404, message: 'pods "a" not found' },
    ],
  },
];
