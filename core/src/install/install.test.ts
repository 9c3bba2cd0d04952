import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { EpinioError } from '../kernel/errors.ts';
import { FakeKube } from '../testkit/fake-kube.ts';
import type { InstallComponent } from './install-component.ts';
import { install, prepareInstall } from './install.ts';
import { refText } from './part-ref.ts';
import type { InstallEvent } from './progress.ts';
import { readRecord, RECORD_NAME } from './record.ts';
import {
  signal,
  settings,
  manifest,
  rollout,
  components,
  options,
  cluster,
  writesOf,
  ours,
  ALL,
  dying,
} from './sample-installation.ts';
import { uninstall } from './uninstall.ts';

describe('install', () => {
  it('brings everything into the cluster, records it and waits until it can be used', async () => {
    await using kube = cluster();
    const events: InstallEvent[] = [];
    await install(options(kube, { profile: 'small', onEvent: (event) => events.push(event) }));
    assert.deepEqual((await ours(kube)).toSorted(), ALL);
    const record = await readRecord(kube, 'epinio');
    assert.equal(record?.state, 'installed');
    assert.equal(record.version, '1.2.3');
    assert.deepEqual(record.settings, settings);
    assert.deepEqual(
      record.components.map(({ id, state, plugin, needs, parts }) => [
        id,
        state,
        plugin?.use,
        needs,
        parts.map((part) => `${part.state} ${refText(part.ref)}`),
      ]),
      [
        [
          'epinio',
          'ready',
          undefined,
          [],
          ['applied Namespace "epinio"', 'applied CustomResourceDefinition "doors.example.com"'],
        ],
        [
          'door',
          'ready',
          'door',
          ['epinio'],
          ['applied Door "front" in namespace "epinio"', 'applied ConfigMap "door" in namespace "epinio"'],
        ],
        ['web', 'ready', undefined, ['door'], ['applied Deployment "web" in namespace "epinio"']],
      ],
    );
    assert.deepEqual(
      events.flatMap((event) => (event.type === 'ready' ? [event.component] : [])),
      ['epinio', 'door', 'web'],
    );
    assert.equal(events.filter((event) => event.type === 'finished').length, 7);
  });

  it('changes nothing the second time, and tells once of each component that it is ready', async () => {
    await using kube = cluster();
    await install(options(kube));
    const before = writesOf(kube);
    const ready: string[] = [];
    const onEvent = (event: InstallEvent): void => {
      if (event.type === 'ready') ready.push(event.component);
    };
    await install(options(kube, { onEvent }));
    assert.equal(writesOf(kube), before);
    assert.deepEqual(ready.toSorted(), ['door', 'epinio', 'web']);
  });

  it('writes nothing when it only plans', async () => {
    await using kube = cluster();
    const plan = await prepareInstall(options(kube));
    assert.equal(plan.steps.length, 7);
    assert.equal(writesOf(kube), 0);
  });

  it('touches only what changed, and removes what is no longer wanted', async () => {
    await using kube = cluster();
    await install(options(kube));
    const [epinio, door, web] = components();
    assert.ok(
      epinio !== undefined && door !== undefined && web !== undefined,
      'epinio !== undefined && door !== undefined && web !== undefined',
    );
    const changed = { ...door, parts: [manifest('v1', 'ConfigMap', 'door', { data: { a: 'c' } })] };
    const { apply } = kube.counts;
    await install(options(kube, { components: [epinio, changed] }));
    assert.equal(kube.counts.apply, apply + 1);
    assert.deepEqual(
      (await ours(kube)).toSorted(),
      ALL.filter((name) => !['Door front', 'Deployment web'].includes(name)),
    );
    const record = await readRecord(kube, 'epinio');
    assert.deepEqual(
      record?.components.map(({ id, parts }) => [id, parts.length]),
      [
        ['epinio', 2],
        ['door', 1],
      ],
    );
  });

  it('makes again what was removed by hand', async () => {
    await using kube = cluster();
    await install(options(kube));
    await kube.delete({ apiVersion: 'v1', kind: 'ConfigMap', namespace: 'epinio', name: 'door' });
    await install(options(kube));
    assert.deepEqual((await ours(kube)).toSorted(), ALL);
  });

  it('goes on after an interruption at any write, and leaves nothing unrecorded', async () => {
    for (const when of ['before', 'after'] as const) {
      for (let at = 0; ; at++) {
        await using kube = cluster();
        const isKilled = await install(options(dying(kube, at, when))).then(
          () => false,
          (error: unknown) => {
            assert.equal((error as EpinioError).code, 'KILLED', String(error));
            return true;
          },
        );
        if (!isKilled) {
          assert.ok(at > 8, 'it must have been interrupted at each write');
          break;
        }
        const record = await readRecord(kube, 'epinio');
        const recorded = record?.components.flatMap(({ parts }) =>
          parts.flatMap(({ ref }) => (ref.kind === 'manifest' ? [`${ref.resourceKind} ${ref.name}`] : [])),
        ) ?? ['Namespace epinio'];
        for (const name of await ours(kube))
          assert.ok(recorded.includes(name) || name.endsWith(RECORD_NAME), `${name} is recorded`);
        await install(options(kube));
        assert.deepEqual((await ours(kube)).toSorted(), ALL, `after a stop ${when} write ${at}`);
        assert.equal((await readRecord(kube, 'epinio'))?.state, 'installed');
      }
    }
  });

  it('can be uninstalled after an interruption at any write', async () => {
    for (let at = 1; at < 9; at++) {
      await using kube = cluster();
      await assert.rejects(install(options(dying(kube, at, 'after'))), { code: 'KILLED' });
      if ((await readRecord(kube, 'epinio')) === undefined) continue;
      await uninstall({ kube, namespace: 'epinio', signal });
      assert.deepEqual(await ours(kube), [], `after a stop at write ${at}`);
    }
  });

  it('says what it waited for when that does not come, and keeps what is done', async () => {
    await using kube = new FakeKube({ requireDefinitions: true });
    const [epinio, door, web] = components();
    assert.ok(
      epinio !== undefined && door !== undefined && web !== undefined,
      'epinio !== undefined && door !== undefined && web !== undefined',
    );
    const hasty = { ...web, probes: [{ ...rollout, timeoutSeconds: 0.05 }] };
    await assert.rejects(install(options(kube, { components: [epinio, door, hasty] })), {
      code: 'INSTALL_NOT_READY',
      message:
        'Component "web" waited for the web server, which was not ready within 0.05 s: its newest version is not observed yet',
    });
    const record = await readRecord(kube, 'epinio');
    assert.equal(record?.state, 'installing');
    assert.deepEqual(
      record.components.map(({ state }) => state),
      ['ready', 'ready', 'applied'],
    );
  });

  it('ends with the reason of its signal', async () => {
    await using kube = new FakeKube({ requireDefinitions: true });
    const controller = new AbortController();
    const onEvent = (event: InstallEvent): void => {
      if (event.type === 'started' && event.step.kind === 'wait' && event.step.component === 'web')
        controller.abort(new Error('Ctrl-C'));
    };
    await assert.rejects(install(options(kube, { signal: controller.signal, onEvent })), {
      message: 'Ctrl-C',
    });
    assert.equal((await readRecord(kube, 'epinio'))?.state, 'installing');
  });

  it('lets one of two at once win', async () => {
    await using kube = cluster();
    const results = await Promise.allSettled([install(options(kube)), install(options(kube))]);
    const lost = results.filter((result) => result.status === 'rejected');
    for (const { reason } of lost) assert.equal((reason as EpinioError).code, 'INSTALL_BUSY');
    assert.equal(lost.length, 1);
    await install(options(kube));
    assert.deepEqual((await ours(kube)).toSorted(), ALL);
  });

  it('names the part that the API server refuses, at once', async () => {
    await using kube = cluster();
    const [epinio] = components();
    assert.ok(epinio !== undefined, 'epinio !== undefined');
    const bad = {
      id: 'bad',
      needs: ['epinio'],
      parts: [manifest('v1', 'ConfigMap', 'Bad_Name')],
      probes: [],
    };
    await assert.rejects(install(options(kube, { components: [epinio, bad] })), (error: unknown) => {
      assert.ok(error instanceof EpinioError, 'error instanceof EpinioError');
      assert.equal(error.code, 'KUBE_INVALID');
      assert.match(
        error.message,
        /^Component "bad": ConfigMap "Bad_Name" in namespace "epinio" could not be applied: /,
      );
      return true;
    });
  });

  it('refuses a chart before it touches anything', async () => {
    await using kube = cluster();
    const chart: InstallComponent = {
      id: 'chart',
      needs: [],
      parts: [{ kind: 'chart', release: 'x', namespace: 'x', chart: 'x', values: {} }],
      probes: [],
    };
    await assert.rejects(install(options(kube, { components: [...components(), chart] })), {
      code: 'INSTALL_PART_UNSUPPORTED',
    });
    assert.equal(writesOf(kube), 0);
  });

  it('asks for the platform namespace among the parts', async () => {
    await using kube = cluster();
    const [, , web] = components();
    assert.ok(web !== undefined, 'web !== undefined');
    await assert.rejects(install(options(kube, { components: [{ ...web, needs: [] }] })), {
      code: 'INSTALL_NO_NAMESPACE',
    });
  });

  it('does not touch an installation of a newer Epinio', async () => {
    const data = { 'record.json': JSON.stringify({ format: 99, version: '9.9.9' }) };
    const record = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: RECORD_NAME, namespace: 'epinio' },
      data,
    };
    await using kube = cluster([
      { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'epinio' } },
      record,
    ]);
    await assert.rejects(install(options(kube)), {
      code: 'INSTALL_RECORD_NEWER',
      fix: 'use Epinio 9.9.9 or newer',
    });
    assert.equal(writesOf(kube), 0);
  });
});
