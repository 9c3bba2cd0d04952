import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { z } from 'zod';
import { withoutSecrets } from './config-secrets.ts';

const secret = z.string().meta({ writeOnly: true });

describe('withoutSecrets', () => {
  it('leaves out what the schema marks, at any depth and behind wrappers', () => {
    const schema = z.strictObject({
      user: z.string(),
      password: secret.optional(),
      token: z.string().default('x').meta({ format: 'password' }),
      nested: z.strictObject({ key: secret.default('x'), name: z.string() }).optional(),
      list: z.array(z.union([z.literal(false), z.strictObject({ key: secret, name: z.string() })])),
      map: z.record(z.string(), z.strictObject({ key: secret, name: z.string() })),
    });
    const one = { key: 'hunter2', name: 'n' };
    const value = {
      user: 'u',
      password: 'hunter2',
      token: 'hunter2',
      nested: one,
      list: [one, false],
      map: { a: one },
    };
    assert.deepEqual(withoutSecrets(schema, value), {
      user: 'u',
      nested: { name: 'n' },
      list: [{ name: 'n' }, false],
      map: { a: { name: 'n' } },
    });
  });

  it('keeps what no schema knows', () => {
    assert.deepEqual(withoutSecrets(z.unknown(), { a: [1] }), { a: [1] });
  });
});
