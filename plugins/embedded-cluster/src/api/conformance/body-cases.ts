import {
  APPLY,
  CONFIG_MAPS,
  configMap,
  JSON_PATCH,
  MERGE,
  SHOWN_OBJECT,
  STRATEGIC,
  type Case,
} from './case.ts';

const UNRECOGNIZED = 'the object provided is unrecognized (must be of type ConfigMap): ';
const NO_JSON = `${UNRECOGNIZED}couldn't get version/kind; json parse error: `;
const STRICT = '?fieldValidation=Strict';
const YAML = 'application/yaml';

/** A ConfigMap as text, so that it can be wrong. */
function text(rest: string): string {
  return `{"kind":"ConfigMap","apiVersion":"v1",${rest}}`;
}

/** How bodies are written, and what becomes of those that are written badly. */
export const BODY_CASES: readonly Case[] = [
  {
    name: 'malformed JSON is refused with what is wrong with it',
    steps: (
      [
        ['', `${NO_JSON}unexpected end of JSON input (<empty>)`],
        ['{"kind":', `${NO_JSON}unexpected end of JSON input ({"kind":)`],
        ['{"kind":}', `${NO_JSON}invalid character '}' looking for beginning of value ({"kind":})`],
        ['{"a":1,}', `${NO_JSON}invalid character '}' looking for beginning of object key string ({"a":1,})`],
        [`{'a':1}`, `${NO_JSON}invalid character '\\'' looking for beginning of object key string ({'a':1})`],
        ['{"a" 1}', `${NO_JSON}invalid character '1' after object key ({"a" 1})`],
        ['{"a":1 2}', `${NO_JSON}invalid character '2' after object key:value pair ({"a":1 2})`],
        ['{} {}', `${NO_JSON}invalid character '{' after top-level value ({} {})`],
        ['{"a":"\u0001"}', `${NO_JSON}invalid character '\\x01' in string literal ({"a":"\u0001"})`],
        ['{"a":"\\x"}', `${NO_JSON}invalid character 'x' in string escape code ({"a":"\\x"})`],
        ['{"a":tru}', `${NO_JSON}invalid character '}' in literal true (expecting 'e') ({"a":tru})`],
        ['{"a":-}', `${NO_JSON}invalid character '}' in numeric literal ({"a":-})`],
        ['hello', `${NO_JSON}invalid character 'h' looking for beginning of value (68656c6c6f)`],
      ] as const
    ).map(([body, message]) => ({ request: `POST ${CONFIG_MAPS}`, body, status: 400, message })),
  },
  {
    name: 'fields that a body has twice are told or refused as unknown fields are',
    steps: [
      {
        request: `POST ${CONFIG_MAPS}${STRICT}`,
        body: text('"metadata":{"name":"a","name":"b"},"data":{"k":"1","k":"2"}'),
        status: 400,
        message:
          'ConfigMap in version "v1" cannot be handled as a ConfigMap: strict decoding error: duplicate field "metadata.name", duplicate field "data.k"',
      },
      {
        request: `POST ${CONFIG_MAPS}`,
        body: text('"metadata":{"name":"a"},"data":{"k":"1","k":"2"}'),
        status: 201,
        expect: { data: { k: '2' } },
        warning: '299 - "duplicate field \\"data.k\\""',
      },
      {
        request: `POST ${CONFIG_MAPS}?fieldValidation=Ignore`,
        body: text('"metadata":{"name":"b"},"data":{"k":"1","k":"2"},"nope":1'),
        status: 201,
        expect: { data: { k: '2' } },
      },
      {
        request: `POST ${CONFIG_MAPS}${STRICT}`,
        body: { ...configMap('c'), z: 1, a: 1 },
        status: 400,
        message: /strict decoding error: unknown field "z", unknown field "a"$/,
      },
      {
        request: `PATCH ${CONFIG_MAPS}/a${STRICT}`,
        contentType: MERGE,
        body: '{"data":{"k":"3","k":"4"}}',
        mayDiffer: SHOWN_OBJECT,
        status: 422,
        message:
          /^ "" is invalid: patch: Invalid value: .*: strict decoding error: duplicate field "data.k"$/,
      },
      {
        request: `PATCH ${CONFIG_MAPS}/a${STRICT}`,
        contentType: STRATEGIC,
        body: { data: { k: '3' }, nope: 1 },
        status: 422,
        message:
          ' "" is invalid: patch: Invalid value: "map[data:map[k:3] nope:1]": strict decoding error: unknown field "nope"',
      },
      {
        request: `PATCH ${CONFIG_MAPS}/a${STRICT}`,
        contentType: JSON_PATCH,
        body: [{ op: 'add', path: '/data/k', value: '5', nope: 1 }],
        mayDiffer: SHOWN_OBJECT,
        status: 422,
        message: /strict decoding error: json patch unknown field "\[0\].nope"$/,
      },
      {
        request: `PATCH ${CONFIG_MAPS}/a`,
        contentType: MERGE,
        body: { nope: 1 },
        status: 200,
        warning: '299 - "unknown field \\"nope\\""',
      },
    ],
  },
  {
    name: 'YAML goes in and out',
    steps: [
      {
        request: `POST ${CONFIG_MAPS}`,
        contentType: YAML,
        body: 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\ndata:\n  k: "yes"\n',
        headers: { accept: YAML },
        status: 201,
        answerType: YAML,
        expect: { kind: 'ConfigMap', data: { k: 'yes' } },
      },
      {
        request: `POST ${CONFIG_MAPS}`,
        contentType: YAML,
        body: 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: b\ndata:\n  k: yes\n',
        status: 400,
        message:
          'ConfigMap in version "v1" cannot be handled as a ConfigMap: json: cannot unmarshal bool into Go struct field ConfigMap.data of type string',
      },
      {
        request: `POST ${CONFIG_MAPS}`,
        contentType: YAML,
        body: 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: c\n  name: d\n',
        status: 201,
        expect: { metadata: { name: 'd' } },
        warning: '299 - "line 5: key \\"name\\" already set in map"',
      },
      {
        request: `POST ${CONFIG_MAPS}${STRICT}`,
        contentType: YAML,
        body: 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: c\n  name: d\n',
        status: 400,
        message:
          'ConfigMap in version "v1" cannot be handled as a ConfigMap: strict decoding error: yaml: unmarshal errors:\n  line 5: key "name" already set in map',
      },
      {
        request: `PATCH ${CONFIG_MAPS}/a?fieldManager=m&fieldValidation=Strict`,
        contentType: APPLY,
        body: 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\ndata:\n  x: "1"\n  x: "2"\n',
        status: 400,
        message:
          'error strict decoding YAML: error converting YAML to JSON: yaml: unmarshal errors:\n  line 7: key "x" already set in map',
      },
      {
        request: `POST ${CONFIG_MAPS}`,
        contentType: YAML,
        body: 'a: [',
        status: 400,
        message:
          /^the object provided is unrecognized \(must be of type ConfigMap\): .*yaml: line 1: .* \(613a205b\)$/,
        mayDiffer: [/^message$/, 'the parsers find different words for what is wrong'],
      },
      {
        request: `GET ${CONFIG_MAPS}/a`,
        headers: { accept: YAML },
        status: 200,
        answerType: YAML,
        expect: { kind: 'ConfigMap', data: { k: 'yes' } },
      },
      { request: `GET ${CONFIG_MAPS}`, headers: { accept: YAML }, status: 200, answerType: YAML },
      {
        request: `GET ${CONFIG_MAPS}/none`,
        headers: { accept: YAML },
        status: 404,
        answerType: YAML,
        expect: { kind: 'Status', reason: 'NotFound' },
      },
      {
        request: `GET ${CONFIG_MAPS}`,
        headers: { accept: 'application/yaml;as=Table;v=v1;g=meta.k8s.io' },
        status: 200,
        answerType: YAML,
        expect: { kind: 'Table' },
      },
    ],
  },
  {
    name: 'bodies and answers of types that are not there are refused before anything is done',
    steps: [
      {
        request: `POST ${CONFIG_MAPS}`,
        body: configMap('a'),
        headers: { accept: 'text/html' },
        status: 406,
        message:
          '406: Not Acceptable\n\nAvailable representations: application/json, application/yaml, application/vnd.kubernetes.protobuf',
      },
      { request: `GET ${CONFIG_MAPS}/a`, status: 404 },
      {
        request: `GET ${CONFIG_MAPS}`,
        headers: { accept: 'text/html;q=0.9,*/*;q=0.1' },
        status: 200,
        answerType: 'application/json',
      },
      {
        request: `GET ${CONFIG_MAPS}`,
        headers: { accept: 'application/json;as=Table' },
        status: 406,
      },
      {
        request: `GET ${CONFIG_MAPS}`,
        headers: { accept: 'application/json;as=Table;v=v1beta1;g=meta.k8s.io' },
        status: 200,
        expect: { kind: 'Table', apiVersion: 'meta.k8s.io/v1beta1' },
      },
      {
        request: `GET ${CONFIG_MAPS}`,
        headers: { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' },
        status: 200,
        expect: { kind: 'Table' },
      },
      {
        request: `GET ${CONFIG_MAPS}?includeObject=All`,
        headers: { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' },
        status: 400,
        message: `Unable to convert to Table as requested: includeObject: Invalid value: "All": must be 'Metadata', 'Object', 'None', or empty`,
      },
      {
        request: `GET ${CONFIG_MAPS}`,
        headers: { accept: 'application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io' },
        status: 406,
        message:
          'you requested PartialObjectMetadata, but the requested object is a list (*core.ConfigMapList)',
      },
      {
        request: `GET ${CONFIG_MAPS}?watch=1&timeoutSeconds=1`,
        headers: { accept: YAML },
        status: 406,
        message:
          'only the following media types are accepted: application/json;stream=watch, application/vnd.kubernetes.protobuf;stream=watch',
      },
      {
        request: `POST ${CONFIG_MAPS}`,
        body: configMap('a'),
        contentType: 'application/x-yaml',
        status: 415,
        message:
          'the body of the request was in an unknown format - accepted media types include: application/json, application/yaml, application/vnd.kubernetes.protobuf',
      },
      {
        request: `POST ${CONFIG_MAPS}`,
        body: configMap('a'),
        contentType: 'application/json; charset=utf-8',
        status: 201,
      },
      {
        request: `PATCH ${CONFIG_MAPS}/a`,
        body: {},
        contentType: 'application/json',
        status: 415,
        message: '415: Unsupported Media Type',
      },
      {
        request: `PATCH ${CONFIG_MAPS}/a`,
        body: '{"data":',
        contentType: MERGE,
        status: 400,
        message: 'error decoding patch: unexpected end of JSON input',
      },
      {
        request: `PATCH ${CONFIG_MAPS}/a`,
        body: '[]',
        contentType: MERGE,
        status: 400,
        message:
          'error decoding patch: json: cannot unmarshal array into Go value of type map[string]interface {}',
      },
      {
        request: `PATCH ${CONFIG_MAPS}/a`,
        body: '[]',
        contentType: STRATEGIC,
        status: 400,
        message: 'json: cannot unmarshal array into Go value of type map[string]interface {}',
      },
    ],
  },
];
