import { CONFIG_MAPS, configMap, PODS, type Case, type Step } from './case.ts';

const REQUIREMENT = 'unable to parse requirement: ';

function labels(selector: string, ...names: readonly string[]): Step {
  return {
    request: `GET ${CONFIG_MAPS}?labelSelector=${encodeURIComponent(selector)}`,
    status: 200,
    expect: { items: names.map((name) => ({ metadata: { name } })) },
  };
}

function refused(selector: string, message: string): Step {
  return {
    request: `GET ${CONFIG_MAPS}?labelSelector=${encodeURIComponent(selector)}`,
    status: 400,
    message,
  };
}

function fields(path: string, selector: string, ...names: readonly string[]): Step {
  return {
    request: `GET ${path}?fieldSelector=${encodeURIComponent(selector).replace('%7Bns%7D', '{ns}')}`,
    status: 200,
    expect: { items: names.map((name) => ({ metadata: { name } })) },
  };
}

function refusedFields(path: string, selector: string, message: string): Step {
  return { request: `GET ${path}?fieldSelector=${encodeURIComponent(selector)}`, status: 400, message };
}

/** What lists can be narrowed by. */
export const SELECTOR_CASES: readonly Case[] = [
  {
    name: 'label selectors: every operator, and every way to get them wrong',
    steps: [
      {
        request: `POST ${CONFIG_MAPS}`,
        body: configMap('a', {}, { labels: { tier: 'front', size: '5' } }),
        status: 201,
      },
      {
        request: `POST ${CONFIG_MAPS}`,
        body: configMap('b', {}, { labels: { tier: 'back', in: 'in' } }),
        status: 201,
      },
      { request: `POST ${CONFIG_MAPS}`, body: configMap('c', {}, { labels: { tier: '' } }), status: 201 },
      { request: `POST ${CONFIG_MAPS}`, body: configMap('d'), status: 201 },
      labels('tier', 'a', 'b', 'c'),
      labels('!tier', 'd'),
      labels('tier=', 'c'),
      labels('tier==front', 'a'),
      labels('tier!=front', 'b', 'c', 'd'),
      labels('tier in (front, back)', 'a', 'b'),
      labels('tier in ()', 'c'),
      labels('tier in (front,)', 'a', 'c'),
      labels('tier notin (front)', 'b', 'c', 'd'),
      labels('in in (in)', 'b'),
      labels('in', 'b'),
      labels('size>4', 'a'),
      labels('size<5'),
      labels('tier,!size', 'b', 'c'),
      refused('a b', `${REQUIREMENT}found 'b', expected: in, notin, =, ==, !=, gt, lt`),
      refused('a in', `${REQUIREMENT}found '' expected: '('`),
      refused('a in (b', `${REQUIREMENT}found '', expected: ',' or ')'`),
      refused('a in (=)', `${REQUIREMENT}found '=', expected: ',', ')' or identifier`),
      refused('a=b=c', "found '=', expected: ',' or 'end of string'"),
      refused('a,', "found '', expected: identifier after ','"),
      refused('=a', "found '=', expected: !, identifier, or 'end of string'"),
      refused('!', `${REQUIREMENT}found '', expected: identifier`),
      refused(
        'a=-b',
        `${REQUIREMENT}values[0][a]: Invalid value: "-b": a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')`,
      ),
      refused(
        '-a',
        `${REQUIREMENT}<nil>: Invalid value: "-a": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')`,
      ),
      refused(
        'a>b',
        `${REQUIREMENT}values[0]: Invalid value: "b": for 'Gt', 'Lt' operators, the value must be an integer`,
      ),
    ],
  },
  {
    name: 'field selectors: what each kind is selected by',
    steps: [
      { request: `POST ${CONFIG_MAPS}`, body: configMap('a'), status: 201 },
      { request: `POST ${CONFIG_MAPS}`, body: configMap('b'), status: 201 },
      {
        request: `POST ${PODS}`,
        body: { metadata: { name: 'p' }, spec: { containers: [{ name: 'c', image: 'c' }], nodeName: 'n' } },
        status: 201,
      },
      fields(CONFIG_MAPS, 'metadata.name=a', 'a'),
      fields(CONFIG_MAPS, 'metadata.name==a,metadata.namespace={ns}', 'a'),
      fields(CONFIG_MAPS, 'metadata.name!=a', 'b'),
      refusedFields(CONFIG_MAPS, 'metadata.name=\\a', 'invalid field selector: invalid escape sequence: \\a'),
      fields(PODS, 'spec.nodeName=n,status.phase=Pending', 'p'),
      fields(PODS, 'spec.hostNetwork=false', 'p'),
      fields(PODS, 'spec.host=n', 'p'),
      fields(PODS, 'status.phase!=Pending'),
      refusedFields(PODS, 'spec.image=c', 'field label not supported: spec.image'),
      refusedFields(
        CONFIG_MAPS,
        'data.k=c',
        '"data.k" is not a known field selector: only "metadata.name", "metadata.namespace"',
      ),
      refusedFields(
        CONFIG_MAPS,
        'metadata.name',
        "invalid selector: 'metadata.name'; can't understand 'metadata.name'",
      ),
      refusedFields(
        CONFIG_MAPS,
        'metadata.name=a=b',
        'invalid field selector: unescaped character in value: 61',
      ),
      refusedFields(
        '/apis/batch/v1/namespaces/{ns}/jobs',
        'spec.x=1',
        'field label "spec.x" not supported for Job',
      ),
      refusedFields(
        '/api/v1/namespaces',
        'metadata.namespace=x',
        'field label not supported: metadata.namespace',
      ),
      refusedFields(
        '/apis/apps/v1/namespaces/{ns}/replicasets',
        'status.replicas=1',
        '"status.replicas" is not a known field selector: only "metadata.name", "metadata.namespace"',
      ),
    ],
  },
];
