import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { z } from 'zod';
import { checkConfig } from './config-problems.ts';

const schema = z.strictObject({
  replicas: z.int().min(1).default(1).describe('How many'),
  loadBalancerIP: z.string().optional(),
  level: z.enum(['debug', 'info']).optional(),
  endpoint: z.url().describe('The base URL of the store'),
  nested: z.strictObject({ depth: z.number() }).optional(),
  choice: z.union([z.literal(false), z.string(), z.strictObject({ use: z.string() })]).optional(),
  list: z.array(z.strictObject({ name: z.string() })).optional(),
});

function tell(value: unknown, prefix?: readonly PropertyKey[]): string[] {
  const { problems } = checkConfig(schema, value, prefix === undefined ? {} : { prefix });
  return problems.map(({ message, fix }) => (fix === undefined ? message : `${message} | ${fix}`));
}

describe('checkConfig', () => {
  it('answers the parsed value with its defaults', () => {
    const { config, problems } = checkConfig(schema, { endpoint: 'https://s3.example' });
    assert.deepEqual(problems, []);
    assert.deepEqual(config, { endpoint: 'https://s3.example', replicas: 1 });
  });

  it('suggests the nearest known key, whatever its case and dashes', () => {
    assert.deepEqual(
      tell({ endpoint: 'https://s3.example', replcas: 2, 'load-balancer-ip': 'x' }, ['with']),
      [
        'Unknown key "replcas" in "with" | did you mean "replicas"?',
        'Unknown key "load-balancer-ip" in "with" | did you mean "loadBalancerIP"?',
      ],
    );
  });

  it('lists the known keys when none is near, at any depth', () => {
    assert.deepEqual(tell({ endpoint: 'https://s3.example', nested: { depth: 1, colour: 1 } }), [
      'Unknown key "colour" in "nested" | known are "depth"',
    ]);
  });

  it('names the wrong type and the right one', () => {
    assert.deepEqual(
      tell({ endpoint: 'https://s3.example', replicas: '2', list: [{ name: 1 }], nested: null }),
      [
        '"replicas" must be a number, but is a string',
        '"nested" must be an object, but is empty',
        '"list[0].name" must be a string, but is a number',
      ],
    );
  });

  it('says what a missing value is for', () => {
    assert.deepEqual(tell({}, ['components', 'storage', 'with']), [
      '"components.storage.with.endpoint" is missing | it is: The base URL of the store',
    ]);
  });

  it('suggests the nearest of a set of values, without repeating what was given', () => {
    assert.deepEqual(tell({ endpoint: 'https://s3.example', level: 'inof' }), [
      '"level" must be one of "debug", "info" | did you mean "info"?',
    ]);
  });

  it('tells of a union the branch that was meant, or all of them', () => {
    assert.deepEqual(tell({ endpoint: 'https://s3.example', choice: { uze: 'x' } }), [
      '"choice.use" is missing',
      'Unknown key "uze" in "choice" | did you mean "use"?',
    ]);
    assert.deepEqual(tell({ endpoint: 'https://s3.example', choice: 5 }), [
      '"choice" must be false or a string or an object, but is a number',
    ]);
  });

  it('never repeats a value: it may be a secret', () => {
    const secret = 'hunter2-hunter2';
    const told = tell({
      endpoint: secret,
      replicas: secret,
      level: secret,
      nested: secret,
      choice: [secret],
      list: secret,
    });
    assert.equal(told.length, 6);
    assert.doesNotMatch(told.join('\n'), /hunter2/);
  });

  it('asks where a value was written', () => {
    const { problems } = checkConfig(
      schema,
      { endpoint: 'x', zzz: 1 },
      {
        prefix: ['with'],
        locate: (path, part) => `${path.join('.')}@${part ?? 'value'}`,
      },
    );
    assert.deepEqual(problems.map((problem) => problem.origin).toSorted(), [
      'with.endpoint@value',
      'with.zzz@key',
    ]);
  });
});
