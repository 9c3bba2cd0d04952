import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { builtinSchema, builtinTypeNames } from './builtin.ts';
import { decode, DecodeError } from './decode.ts';

function decoded(
  type: string,
  value: unknown,
): { readonly value: Record<string, unknown>; readonly unknown: string[] } {
  const unknown: string[] = [];
  return { value: decode(builtinSchema(type), value, (path) => unknown.push(path)), unknown };
}

describe('decoding into a built-in type', () => {
  it('drops what is unknown and tells its path', () => {
    const spec = { containers: [{ name: 'a', image: 'b', nope: 1 }], more: {} };
    const { unknown } = decoded('core.v1.Pod', { spec, extra: 1 });
    assert.deepEqual(unknown.sort(), ['extra', 'spec.containers[0].nope', 'spec.more']);
  });

  it('leaves out empty values as Go does, and keeps those that mean something', () => {
    const { value } = decoded('core.v1.PodSpec', {
      containers: [],
      hostNetwork: false,
      nodeName: '',
      automountServiceAccountToken: false,
      terminationGracePeriodSeconds: 0,
      volumes: [],
      nodeSelector: {},
      securityContext: {},
      affinity: null,
    });
    assert.deepEqual(value, {
      containers: [],
      automountServiceAccountToken: false,
      terminationGracePeriodSeconds: 0,
      securityContext: {},
    });
  });

  it('writes what is always written', () => {
    assert.deepEqual(decoded('core.v1.ContainerStatus', { name: 'a' }).value, {
      name: 'a',
      image: '',
      imageID: '',
      ready: false,
      restartCount: 0,
      state: {},
      lastState: {},
    });
    assert.deepEqual(decoded('core.v1.PodSpec', {}).value, { containers: null });
  });

  it('brings times, quantities and base64 into their form', () => {
    const { value } = decoded('core.v1.Secret', {
      metadata: { creationTimestamp: '2024-05-01T12:00:00.5+02:00' },
      data: { a: 'YQ==\n' },
    });
    assert.deepEqual(value, { metadata: { creationTimestamp: '2024-05-01T10:00:00Z' }, data: { a: 'YQ==' } });
  });

  it('refuses wrong types with their place', () => {
    const wrong: readonly (readonly [string, unknown, RegExp])[] = [
      [
        'core.v1.ConfigMap',
        { data: [] },
        /cannot unmarshal array into Go struct field ConfigMap.data of type map\[string\]string/,
      ],
      [
        'core.v1.ConfigMap',
        { metadata: { generation: 1.5 } },
        /cannot unmarshal number 1.5 into Go struct field ObjectMeta.metadata.generation of type int64/,
      ],
      ['apps.v1.Deployment', { spec: { replicas: 99999999999 } }, /of type int32/],
      ['core.v1.Secret', { data: { a: '%' } }, /illegal base64 data at input byte 0/],
      ['core.v1.ConfigMap', { metadata: { creationTimestamp: 'now' } }, /parsing time "now"/],
      [
        'core.v1.ResourceRequirements',
        { limits: { cpu: '1x' } },
        /quantities must match the regular expression/,
      ],
      ['core.v1.ServicePort', { targetPort: true }, /of type intstr.IntOrString/],
    ];
    for (const [type, value, message] of wrong) {
      assert.throws(
        () => decoded(type, value),
        (error) => error instanceof DecodeError && message.test(error.message),
        `${type} ${JSON.stringify(value)}`,
      );
    }
  });

  it('is the same when it is done twice, for every type', () => {
    for (const type of builtinTypeNames()) {
      const once = decoded(type, {}).value;
      assert.deepEqual(decoded(type, once), { value: once, unknown: [] }, type);
    }
  });

  it('takes no prototype from a client', () => {
    const hostile = JSON.parse(
      '{"metadata":{"labels":{"__proto__":"x","constructor":"y"}},"__proto__":{"polluted":true}}',
    ) as unknown;
    const { value } = decoded('core.v1.ConfigMap', hostile);
    assert.equal((value as { polluted?: boolean }).polluted, undefined);
    assert.deepEqual(Object.keys((value as { metadata: { labels: object } }).metadata.labels), [
      'constructor',
    ]);
  });
});
