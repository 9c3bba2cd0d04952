import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { z } from 'zod';
import { ingress } from '../contracts/ingress.ts';
import { definePlugin } from '../kernel/plugin.ts';
import { configJsonSchema } from './json-schema.ts';

interface Schema {
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly allOf?: readonly { readonly if: Schema; readonly then: Schema }[];
  readonly const?: unknown;
  readonly required?: readonly string[];
  readonly additionalProperties?: unknown;
}

const plugin = definePlugin({
  id: 'door',
  provides: ingress,
  contractVersion: 1,
  needs: {},
  config: z.strictObject({ port: z.int().default(8443).describe('Where it listens') }),
  parts: () => [],
  probes: () => [],
  create: () => ({
    className: 'door',
    routeObjects: () => [],
    workloads: async () => [],
    address: async () => ({ httpPort: 1, httpsPort: 2 }),
  }),
});

describe('configJsonSchema', () => {
  it('describes every key of the config file and refuses others', async () => {
    const schema = (await configJsonSchema()) as Schema;
    assert.deepEqual(schema.required, ['api']);
    assert.equal(schema.additionalProperties, false);
    const keys = { ...schema.properties, ...schema.properties?.['components']?.properties };
    assert.ok(Object.keys(keys).length > 12, 'Object.keys(keys).length > 12');
    for (const [key, { description }] of Object.entries(keys))
      assert.ok(description, `"${key}" has no description`);
  });

  it('adds the options of plugins where they are used', async () => {
    const schema = (await configJsonSchema([plugin])) as Schema;
    const [rule] = schema.properties?.['components']?.properties?.['ingress']?.allOf ?? [];
    assert.equal(rule?.if.properties?.['use']?.const, 'door');
    const options = rule.then.properties?.['with'];
    assert.equal(options?.properties?.['port']?.description, 'Where it listens');
    assert.equal(options.required, undefined, 'a key with a default may be left out');
  });
});
