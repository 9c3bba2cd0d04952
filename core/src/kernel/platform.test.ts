import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { z } from 'zod';
import { isEpinioError } from './errors.ts';
import { createPlatform, derive, provide, type PluginUse } from './platform.ts';
import { contract, definePlugin } from './plugin.ts';
import { listToken, optional, token } from './token.ts';

interface Greeter {
  greet(): string;
}
const greeter = contract<Greeter>('greeter');
const shouter = contract<Greeter>('shouter');
const singers = listToken<Greeter>('singers');
const singer = contract<Greeter>('singer', { many: singers });
const volume = token<number>('port:volume');
const options = z.strictObject({ word: z.string().default('hello').describe('What it says') });

const base = { contractVersion: 1, parts: () => [], probes: () => [] };
const greeterPlugin = definePlugin({
  ...base,
  id: 'greeter-a',
  provides: greeter,
  needs: {},
  config: options,
  create: (_needs, { word }) => ({ greet: () => word }),
});
const shouterPlugin = definePlugin({
  ...base,
  id: 'shouter-a',
  provides: shouter,
  needs: { greeter, volume },
  config: options,
  create: ({ greeter: quiet, volume: times }) => ({ greet: () => quiet.greet().toUpperCase().repeat(times) }),
});
const volumePort = provide(volume, 2);

describe('createPlatform', () => {
  it('makes a service with what it needs, whatever the order of the plugins', async () => {
    const uses = [{ plugin: shouterPlugin }, { plugin: greeterPlugin, config: { word: 'hi' } }];
    await using platform = await createPlatform({ plugins: uses, ports: [volumePort] });
    assert.deepEqual(
      platform.nodes.map((node) => node.name),
      ['greeter-a', 'shouter-a'],
    );
    assert.equal((await platform.open(shouter)).greet(), 'HIHI');
    assert.equal(platform.get(greeter).greet(), 'hi');
  });

  it('makes only what is asked for, and that once', async () => {
    let made = 0;
    const counting = { ...greeterPlugin, create: () => ({ greet: () => String(++made) }) };
    const failing = { ...shouterPlugin, create: () => assert.fail('not asked for') };
    await using platform = await createPlatform({
      plugins: [{ plugin: counting }, { plugin: failing }],
      ports: [volumePort],
    });
    const [first, second] = await Promise.all([platform.open(greeter), platform.open(greeter)]);
    assert.equal(first, second);
    assert.throws(() => platform.get(shouter), { code: 'SERVICE_MISSING' });
  });

  it('makes derived ports when they are opened, so that another loop can run before them', async () => {
    const story: string[] = [];
    const platform = await createPlatform({
      plugins: [{ plugin: shouterPlugin }, { plugin: greeterPlugin }],
      derive: [
        derive({
          provides: volume,
          needs: { greeter },
          make: ({ greeter: source }) => {
            story.push('derive');
            return source.greet().length;
          },
          close: (times) => void story.push(`close ${times}`),
        }),
      ],
    });
    await platform.open(greeter);
    story.push('greeter runs');
    assert.equal((await platform.open(shouter)).greet(), 'HELLO'.repeat(5));
    await platform.close();
    assert.deepEqual(story, ['greeter runs', 'derive', 'close 5']);
  });

  it('lists all plugins of a contract that several may provide, also none of them', async () => {
    const singerPlugin = { ...greeterPlugin, id: 'singer-a', provides: singer };
    const choir = definePlugin({
      ...base,
      id: 'choir',
      provides: shouter,
      needs: { singers },
      config: options,
      create: (needs) => ({ greet: () => needs.singers.map((each) => each.greet()).join('+') }),
    });
    const uses: PluginUse[] = [
      { plugin: choir },
      { plugin: singerPlugin, config: { word: 'la' } },
      { plugin: singerPlugin, name: 'second', config: { word: 'lo' } },
    ];
    await using full = await createPlatform({ plugins: uses });
    assert.equal((await full.open(shouter)).greet(), 'la+lo');
    await using empty = await createPlatform({ plugins: [{ plugin: choir }] });
    assert.equal((await empty.open(shouter)).greet(), '');
    await using alone = await createPlatform({ plugins: [] });
    assert.deepEqual(await alone.open(singers), []);
  });

  it('leaves an optional need unmet', async () => {
    const plugin = definePlugin({
      ...base,
      id: 'modest',
      provides: shouter,
      needs: { greeter: optional(greeter) },
      config: options,
      create: (needs) => ({ greet: () => needs.greeter?.greet() ?? 'nobody' }),
    });
    await using platform = await createPlatform({ plugins: [{ plugin }] });
    assert.equal((await platform.open(shouter)).greet(), 'nobody');
  });

  it('tells everything that is wrong at once, before any plugin code runs', async () => {
    const create = (): never => assert.fail('no plugin may run');
    const plugins: PluginUse[] = [
      { plugin: { ...shouterPlugin, create }, config: { wrod: 'x' }, origin: 'epinio.config.yaml:3:5' },
      { plugin: { ...greeterPlugin, create }, config: { word: 1 }, path: ['components', 'greeter', 'with'] },
      { plugin: { ...greeterPlugin, create } },
      { plugin: { ...greeterPlugin, create, id: 'greeter-b' } },
    ];
    await assert.rejects(createPlatform({ plugins }), (error: unknown) => {
      assert.ok(isEpinioError(error), 'isEpinioError(error)');
      assert.equal(error.code, 'PLATFORM_INVALID');
      assert.deepEqual(error.details, [
        'epinio.config.yaml:3:5: Unknown key "wrod" in "shouter-a.with" (did you mean "word"?)',
        '"components.greeter.with.word" must be a string, but is a number',
        'Plugin "greeter-a" is used twice (keep one of them, or give each a "name" of its own)',
        '"greeter" is provided twice: by plugin "greeter-a" and by plugin "greeter-b" (keep one of them)',
        'epinio.config.yaml:3:5: Plugin "shouter-a" needs "port:volume", which nothing provides (configure a component that provides "port:volume")',
      ]);
      return true;
    });
  });

  it('throws a single problem under its own code', async () => {
    await assert.rejects(
      createPlatform({ plugins: [{ plugin: shouterPlugin }, { plugin: greeterPlugin }] }),
      {
        code: 'PLUGIN_NEED_MISSING',
        message: 'Plugin "shouter-a" needs "port:volume", which nothing provides',
      },
    );
  });

  it('names the plugin that hangs and who waited for it', async () => {
    const hanging = { ...greeterPlugin, create: () => new Promise<Greeter>(() => undefined) };
    const platform = await createPlatform({
      plugins: [{ plugin: hanging }, { plugin: shouterPlugin }],
      ports: [volumePort],
      createTimeoutMs: 10,
    });
    await assert.rejects(platform.open(shouter), {
      code: 'PLUGIN_CREATE_TIMEOUT',
      message: 'Plugin "greeter-a" did not make "greeter" within 10 ms; "shouter-a" waited for it',
    });
  });

  it('names the plugin that fails and keeps its own code and fix', async () => {
    const { EpinioError } = await import('./errors.ts');
    const broken = (error: Error): PluginUse => ({
      plugin: {
        ...greeterPlugin,
        create: () => {
          throw error;
        },
      },
    });
    const plain = await createPlatform({ plugins: [broken(new Error('no disk'))] });
    await assert.rejects(plain.open(greeter), {
      code: 'PLUGIN_CREATE_FAILED',
      message: 'Plugin "greeter-a" could not make "greeter": no disk',
      fault: 'system',
    });
    const own = new EpinioError('CLUSTER_NOT_RUNNING', 'Cluster is not running', { fix: 'epinio start' });
    const platform = await createPlatform({ plugins: [broken(own)] });
    await assert.rejects(platform.open(greeter), {
      code: 'CLUSTER_NOT_RUNNING',
      fix: 'epinio start',
      cause: own,
    });
  });

  it('ends with the reason of its signal', async () => {
    const controller = new AbortController();
    const hanging = { ...greeterPlugin, create: () => new Promise<Greeter>(() => undefined) };
    const platform = await createPlatform({ plugins: [{ plugin: hanging }], signal: controller.signal });
    const opening = platform.open(greeter);
    controller.abort(new Error('Ctrl-C'));
    await assert.rejects(opening, { message: 'Ctrl-C' });
  });

  it('closes services newest first, and the rest although one fails', async () => {
    const closed: string[] = [];
    const closable = (name: string, fail = false): Greeter & AsyncDisposable => ({
      greet: () => name,
      [Symbol.asyncDispose]: async () => {
        closed.push(name);
        if (fail) throw new Error(`${name} is stuck`);
      },
    });
    const platform = await createPlatform({
      plugins: [
        { plugin: { ...greeterPlugin, create: () => closable('greeter') } },
        { plugin: { ...shouterPlugin, create: () => closable('shouter', true) } },
      ],
      ports: [volumePort],
    });
    await platform.openAll();
    await assert.rejects(platform.close(), /shouter is stuck/);
    assert.deepEqual(closed, ['shouter', 'greeter']);
  });

  it('tells how long each plugin took', async () => {
    await using platform = await createPlatform({ plugins: [{ plugin: greeterPlugin }] });
    await platform.openAll();
    assert.deepEqual([...platform.timings.keys()], ['greeter-a']);
  });
});
