import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { z } from 'zod';
import { createPlatform, derive } from '../kernel/platform.ts';
import { contract, definePlugin } from '../kernel/plugin.ts';
import { listToken, token } from '../kernel/token.ts';
import { componentsOf } from './install-component.ts';

const ground = contract<string>('ground');
const house = contract<string>('house');
const roofs = listToken<string>('roofs');
const roof = contract<string>('roof', { many: roofs });
const soil = token<string>('port:soil');
const shared = { contractVersion: 1, probes: () => [], create: () => '' };
const config = z.strictObject({
  size: z.number().default(3),
  password: z.string().optional().meta({ writeOnly: true }),
});
const none = z.strictObject({});

const plugins = [
  definePlugin({
    ...shared,
    id: 'hut',
    provides: house,
    needs: { soil, roofs },
    config: none,
    parts: () => [],
  }),
  definePlugin({
    ...shared,
    id: 'field',
    provides: ground,
    needs: {},
    config,
    parts: ({ size }) => [
      {
        kind: 'manifest',
        object: {
          apiVersion: 'v1',
          kind: 'ConfigMap',
          metadata: { name: 'field', namespace: 'a' },
          data: { size: String(size) },
        },
      },
    ],
  }),
  definePlugin({ ...shared, id: 'tiles', provides: roof, needs: {}, config: none, parts: () => [] }),
];
const dug = derive({ provides: soil, needs: { ground }, make: ({ ground: under }) => under });

describe('componentsOf', () => {
  it('needs plugins, through derived ports and lists, and has the parts of the checked config', async () => {
    await using platform = await createPlatform({
      plugins: plugins.map((plugin) => ({ plugin })),
      derive: [dug],
    });
    const components = componentsOf(platform, () => undefined);
    assert.deepEqual(
      components.map(({ id, needs }) => [id, needs]),
      [
        ['field', []],
        ['tiles', []],
        ['hut', ['field', 'tiles']],
      ],
    );
    const [part] = components[0]?.parts ?? [];
    assert.ok(part?.kind === 'manifest', "part?.kind === 'manifest'");
    assert.deepEqual(part.object['data'], { size: '3' });
  });

  it('records no secret', async () => {
    await using platform = await createPlatform({
      plugins: plugins.map((plugin) => ({ plugin })),
      derive: [dug],
    });
    const [field] = componentsOf(platform, () => ({
      contract: 'ground',
      use: 'field',
      config: { size: 4, password: 'hunter2' },
    }));
    assert.deepEqual(field?.plugin, { contract: 'ground', use: 'field', config: { size: 4 } });
  });

  it('names the plugin whose parts fail', async () => {
    const [hut] = plugins;
    assert.ok(hut !== undefined, 'hut !== undefined');
    const broken = { ...hut, needs: {}, parts: () => assert.fail('no roof') };
    await using platform = await createPlatform({ plugins: [{ plugin: broken }] });
    assert.throws(() => componentsOf(platform, () => undefined), {
      code: 'PLUGIN_PARTS_FAILED',
      message: 'Plugin "hut" could not say what it installs: no roof',
    });
  });
});
