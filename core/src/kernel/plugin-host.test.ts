import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { z } from 'zod';
import type { Log } from '../ports/log.ts';
import { createPlatform, type PluginUse } from './platform.ts';
import { createPluginHost } from './plugin-host.ts';
import { contract, definePlugin, type RunHost } from './plugin.ts';
import { runPlugin } from './run-plugin.ts';
import type { Needs } from './token.ts';

const lines: string[] = [];
const log: Log = {
  debug: (message) => void lines.push(message),
  info: (message) => void lines.push(message),
  warn: (message) => void lines.push(message),
  error: (message) => void lines.push(message),
  child: () => log,
};
const signal = new AbortController().signal;

type Run = (service: object, host: RunHost) => Promise<void>;

function plugin(id: string, needs: Needs, run?: Run): PluginUse {
  const definition = {
    id,
    provides: contract<object>(id),
    contractVersion: 1,
    needs,
    config: z.strictObject({}),
    parts: () => [],
    probes: () => [],
    create: () => ({}),
  };
  return { plugin: run === undefined ? definePlugin(definition) : definePlugin({ ...definition, run }) };
}

/** A loop that notes when it begins and when it ends. */
function looping(id: string, story: string[]): Run {
  return async (_service, host) => {
    story.push(`${id} begins`);
    const stopped = new Promise((resolve) => host.signal.addEventListener('abort', resolve, { once: true }));
    host.ready();
    await stopped;
    story.push(`${id} ends`);
  };
}

describe('runPlugin', () => {
  const { plugin: quiet } = plugin('quiet', {});

  it('resolves once the loop is ready, and stops it', async () => {
    const story: string[] = [];
    const { plugin: one } = plugin('one', {}, looping('one', story));
    const running = await runPlugin(one, {}, { signal, log });
    assert.deepEqual(story, ['one begins']);
    await running.stop();
    await running.done;
    assert.deepEqual(story, ['one begins', 'one ends']);
  });

  it('has a plugin without a loop ready at once', async () => {
    const running = await runPlugin(quiet, {}, { signal, log });
    await running.stop();
  });

  it('fails with the plugin named when the loop fails, ends or hangs before it is ready', async () => {
    const start = (run: Run): Promise<unknown> =>
      runPlugin(plugin('bad', {}, run).plugin, {}, { signal, log, readyTimeoutMs: 20, stopTimeoutMs: 20 });
    await assert.rejects(
      start(() => Promise.reject(new Error('port taken'))),
      {
        code: 'PLUGIN_RUN_FAILED',
        message: 'Plugin "bad" failed: port taken',
      },
    );
    await assert.rejects(
      start(async () => undefined),
      { message: 'Plugin "bad" ended before it was ready' },
    );
    await assert.rejects(
      start(() => new Promise(() => undefined)),
      {
        code: 'PLUGIN_READY_TIMEOUT',
        message: 'Plugin "bad" was not ready within 20 ms',
      },
    );
  });

  it('tells by "done" when a loop that served ends by itself', async () => {
    let fail: (error: Error) => void = () => undefined;
    const run: Run = (_service, host) => {
      host.ready();
      return new Promise((_resolve, reject) => (fail = reject));
    };
    const running = await runPlugin(plugin('brittle', {}, run).plugin, {}, { signal, log });
    fail(new Error('disk full'));
    await assert.rejects(running.done, { message: 'Plugin "brittle" failed: disk full' });
    assert.ok(lines.includes('Plugin "brittle" failed'), 'lines.includes(\'Plugin "brittle" failed\')');
  });

  it('takes the throwing of the abort reason for a clean end', async () => {
    const run: Run = (_service, host) => {
      host.ready();
      return new Promise((_resolve, reject) =>
        host.signal.addEventListener('abort', () => reject(host.signal.reason)),
      );
    };
    const running = await runPlugin(plugin('throwing', {}, run).plugin, {}, { signal, log });
    await running.stop();
  });

  it('names the plugin that does not stop', async () => {
    const run: Run = (_service, host) => {
      host.ready();
      return new Promise(() => undefined);
    };
    const running = await runPlugin(
      plugin('stubborn', {}, run).plugin,
      {},
      { signal, log, stopTimeoutMs: 10 },
    );
    await assert.rejects(running.stop(), {
      code: 'PLUGIN_STOP_TIMEOUT',
      message: 'Plugin "stubborn" did not stop within 10 ms',
    });
  });
});

describe('createPluginHost', () => {
  const first = contract<object>('first');
  const second = contract<object>('second');

  it('starts by needs and stops in reverse', async () => {
    const story: string[] = [];
    const platform = await createPlatform({
      plugins: [
        plugin('third', { second }, looping('third', story)),
        plugin('second', { first }, looping('second', story)),
        plugin('first', {}, looping('first', story)),
      ],
    });
    const host = createPluginHost(platform, { signal, log });
    await host.start(first);
    assert.deepEqual(story, ['first begins']);
    await host.startAll({ before: async (node) => void story.push(`before ${node.name}`) });
    await host.stop();
    assert.deepEqual(story, [
      'first begins',
      'before second',
      'second begins',
      'before third',
      'third begins',
      'third ends',
      'second ends',
      'first ends',
    ]);
  });

  it('stops what runs when one cannot start, and throws that failure', async () => {
    const story: string[] = [];
    const platform = await createPlatform({
      plugins: [
        plugin('first', {}, looping('first', story)),
        plugin('second', { first }, () => Promise.reject(new Error('no port'))),
        plugin('third', { second }, looping('third', story)),
        plugin('slow', {}, () => new Promise(() => undefined)),
      ],
    });
    const host = createPluginHost(platform, { signal, log, stopTimeoutMs: 20 });
    await assert.rejects(host.startAll(), { message: 'Plugin "second" failed: no port' });
    assert.deepEqual(story, ['first begins', 'first ends']);
  });

  it('tells that a loop ended by itself', async () => {
    let end: () => void = () => undefined;
    const run: Run = (_service, host) => {
      host.ready();
      return new Promise((resolve) => (end = resolve));
    };
    const host = createPluginHost(await createPlatform({ plugins: [plugin('first', {}, run)] }), {
      signal,
      log,
    });
    await host.startAll();
    end();
    await assert.rejects(host.failed, { message: 'Plugin "first" ended by itself' });
  });
});
