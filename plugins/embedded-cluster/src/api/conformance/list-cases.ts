import { CONFIG_MAPS, configMap, type Case } from './case.ts';

const TABLE = 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json';

const UNMANAGED = [
  /^metadata\.managedFields$/,
  'nothing of a review is stored, so nobody owns its fields',
] as const;

/** Lists, selectors, tables, collections, discovery. */
export const LIST_CASES: readonly Case[] = [
  {
    name: 'lists with selectors, pages and tables',
    steps: [
      {
        request: `POST ${CONFIG_MAPS}`,
        body: configMap('a', {}, { labels: { tier: 'front', env: 'prod' } }),
        status: 201,
      },
      { request: `POST ${CONFIG_MAPS}`, body: configMap('b', {}, { labels: { tier: 'back' } }), status: 201 },
      { request: `POST ${CONFIG_MAPS}`, body: configMap('c'), status: 201 },
      {
        request: `GET ${CONFIG_MAPS}`,
        status: 200,
        expect: {
          kind: 'ConfigMapList',
          items: [{ metadata: { name: 'a' } }, { metadata: { name: 'b' } }, { metadata: { name: 'c' } }],
        },
      },
      {
        request: `GET ${CONFIG_MAPS}?labelSelector=tier%20in%20(front,side)`,
        status: 200,
        expect: { items: [{ metadata: { name: 'a' } }] },
      },
      {
        request: `GET ${CONFIG_MAPS}?labelSelector=tier,!env`,
        status: 200,
        expect: { items: [{ metadata: { name: 'b' } }] },
      },
      {
        request: `GET ${CONFIG_MAPS}?labelSelector=tier!%3Dback`,
        status: 200,
        expect: { items: [{ metadata: { name: 'a' } }, { metadata: { name: 'c' } }] },
      },
      {
        request: `GET ${CONFIG_MAPS}?fieldSelector=metadata.name%3Dc`,
        status: 200,
        expect: { items: [{ metadata: { name: 'c' } }] },
      },
      {
        request: `GET ${CONFIG_MAPS}?labelSelector=a%3D(`,
        status: 400,
        message: /unable to parse requirement: found '\(', expected: identifier/,
      },
      {
        request: `GET ${CONFIG_MAPS}?labelSelector=a%3Db%3Dc`,
        status: 400,
        message: /found '=', expected: ',' or 'end of string'/,
      },
      {
        request: `GET ${CONFIG_MAPS}?fieldSelector=data%3Dc`,
        status: 400,
        message: /is not a known field selector|field label not supported/,
      },
      {
        request: `GET ${CONFIG_MAPS}?limit=2`,
        status: 200,
        expect: {
          metadata: { remainingItemCount: 1 },
          items: [{ metadata: { name: 'a' } }, { metadata: { name: 'b' } }],
        },
      },
      { request: `GET ${CONFIG_MAPS}?continue=xyz`, status: 400, message: /continue key is not valid/ },
      {
        request: `GET ${CONFIG_MAPS}?resourceVersion=99999999`,
        status: 504,
        message: /Too large resource version: 99999999/,
        expect: { reason: 'Timeout', details: { causes: [{ reason: 'ResourceVersionTooLarge' }] } },
      },
      {
        request: `GET ${CONFIG_MAPS}?resourceVersion=abc`,
        status: 400,
        message: /Invalid value: "abc": strconv.ParseUint: parsing "abc": invalid syntax/,
      },
      {
        request: `GET ${CONFIG_MAPS}?resourceVersionMatch=Exact`,
        status: 422,
        message: /resourceVersionMatch is forbidden unless resourceVersion is provided/,
      },
      { request: `GET ${CONFIG_MAPS}?limit=x`, status: 400 },
      {
        request: `GET ${CONFIG_MAPS}`,
        headers: { accept: TABLE },
        status: 200,
        expect: {
          kind: 'Table',
          apiVersion: 'meta.k8s.io/v1',
          columnDefinitions: [
            { name: 'Name', type: 'string', format: 'name' },
            { name: 'Data' },
            { name: 'Age' },
          ],
          rows: [{ object: { kind: 'PartialObjectMetadata' } }, {}, {}],
        },
      },
      { request: `GET ${CONFIG_MAPS}`, headers: { accept: 'application/xml' }, status: 406 },
      {
        request: `GET ${CONFIG_MAPS}/a`,
        headers: { accept: 'application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io' },
        status: 200,
        expect: { kind: 'PartialObjectMetadata', metadata: { name: 'a' } },
      },
      { request: `DELETE ${CONFIG_MAPS}?labelSelector=tier`, status: 200 },
      { request: `GET ${CONFIG_MAPS}`, status: 200, expect: { items: [{ metadata: { name: 'c' } }] } },
    ],
  },
  {
    name: 'discovery and reviews',
    steps: [
      { request: 'GET /api', status: 200, expect: { kind: 'APIVersions', versions: ['v1'] } },
      {
        request: 'GET /apis/apps',
        status: 200,
        expect: {
          kind: 'APIGroup',
          name: 'apps',
          preferredVersion: { groupVersion: 'apps/v1', version: 'v1' },
        },
      },
      { request: 'GET /apis/none.example', status: 404 },
      {
        request: 'GET /api',
        headers: { accept: 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList' },
        status: 200,
        expect: { kind: 'APIGroupDiscoveryList', apiVersion: 'apidiscovery.k8s.io/v2' },
      },
      {
        request: 'POST /apis/authorization.k8s.io/v1/selfsubjectaccessreviews',
        mayDiffer: UNMANAGED,
        body: { spec: { resourceAttributes: { verb: 'create', resource: 'pods' } } },
        status: 201,
        expect: { status: { allowed: true } },
      },
      {
        request: 'POST /apis/authorization.k8s.io/v1/subjectaccessreviews',
        mayDiffer: UNMANAGED,
        body: { spec: { user: 'nobody', resourceAttributes: { verb: 'create', resource: 'pods' } } },
        status: 201,
        expect: { status: { allowed: false } },
      },
      {
        request: 'POST /apis/authentication.k8s.io/v1/selfsubjectreviews',
        body: {},
        status: 201,
        expect: { status: { userInfo: { groups: ['system:masters', 'system:authenticated'] } } },
      },
    ],
  },
];
