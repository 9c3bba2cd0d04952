import assert from 'node:assert/strict';
import { it } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import {
  KubeConfig,
  makeInformer,
  CoreV1Api,
  type V1ConfigMap,
  type Informer,
} from '@kubernetes/client-node';
import { eventually } from '@epinio/core/testkit';
import type { ApiClient, WatchLine } from '../../plugins/embedded-cluster/src/api/testing/test-api.ts';
import { ClusterProcess } from './support/cluster-process.ts';
import { Random } from './support/random.ts';
import { ResumingWatch } from './support/resuming-watch.ts';
import { countOf, MAPS, Writer, type Shared } from './support/writer.ts';

const KILLS = Number(process.env['CRASH_KILLS'] ?? 50);
const WRITERS = 6;
const WATCHES = 2;
/** Writes that are acknowledged between two kills, at least, and the most by chance on top. */
const WRITES = 20;
const MORE_WRITES = 100;
/** The longest time from the start of one that dies early to its end. */
const EARLY_MS = 400;
const DEPLOYMENTS = '/apis/apps/v1/namespaces/default/deployments';

it(
  'keeps every acknowledged write over 50 kills, and watches go on without a gap or a duplicate',
  { timeout: 14 * 60_000 },
  async (t) => {
    const seed = Number(process.env['CRASH_SEED'] ?? Date.now() % 1_000_000_000);
    t.diagnostic(`CRASH_SEED=${seed}`);
    const random = new Random(seed);
    await using cluster = await ClusterProcess.start();
    using client = cluster.client();
    const started = (await client.call('GET', MAPS)).body.metadata.resourceVersion ?? '';
    await client.call('POST', DEPLOYMENTS, { body: deployment });

    const seen = Array.from({ length: WATCHES }, () => new Seen());
    const watches = seen.map((each) => new ResumingWatch(client, MAPS, started, (event) => each.take(event)));
    const informer = new FollowedInformer(cluster.kubeconfigFile);
    await informer.start();
    const shared: Shared = { revision: Number(started), acknowledged: 0, stopped: false };
    const writers = Array.from(
      { length: WRITERS },
      (_, index) => new Writer(`w${index}`, client, new Random(random.below(2 ** 32)), shared),
    );
    const writing = Promise.all(writers.map((writer) => writer.run()));
    writing.catch(() => undefined); // awaited below

    let kills = 0;
    for (; kills < KILLS; kills++) {
      // One in five dies while it starts, which is when it repairs what the one before left.
      const early = random.next() < 0.2;
      const until = shared.acknowledged + WRITES + random.below(MORE_WRITES);
      const load = async (): Promise<void> => {
        while (shared.acknowledged < until) await pause(1);
      };
      await Promise.race([load(), writing]);
      if (kills % 5 === 0) await scale(client, random.below(6)).catch(() => undefined); // killed meanwhile
      await cluster.kill();
      if (early) {
        await cluster.launch();
        await pause(random.below(EARLY_MS));
        await cluster.kill();
        kills += 1;
      }
      await Promise.race([cluster.start(), writing]);
      assert.ok((await revisionOf(client)) >= shared.revision, 'a list is older than what was acknowledged');
    }
    shared.stopped = true;
    await writing;
    t.diagnostic(`${shared.acknowledged} writes acknowledged over ${kills} kills`);
    for (const { failure, connections } of watches) {
      assert.equal(failure, undefined);
      assert.ok(connections > kills / 2, `it was cut only ${connections} times`);
    }
    for (const writer of writers) {
      const expected = writer.changes.map(({ type, count }) => `${type} ${count}`);
      for (const { of } of [...seen, informer])
        await eventually(() => assert.deepEqual(of(writer.name), expected), 15_000);
    }
    // Controllers were killed in the middle of their work, too.
    await scale(client, 3);
    await eventually(async () => {
      const { body } = await client.call('GET', '/api/v1/namespaces/default/pods');
      assert.equal(body.items?.length, 3);
    }, 20_000);
    await informer.stop();
    await cluster.kill();
    await Promise.all(watches.map((watch) => watch.stop()));
  },
);

const deployment = {
  metadata: { name: 'scaled' },
  spec: {
    replicas: 1,
    selector: { matchLabels: { app: 'scaled' } },
    template: { metadata: { labels: { app: 'scaled' } }, spec: { containers: [{ name: 'a', image: 'a' }] } },
  },
};

async function scale(client: ApiClient, replicas: number): Promise<void> {
  const contentType = 'application/merge-patch+json';
  const { status, text } = await client.call('PATCH', `${DEPLOYMENTS}/scaled`, {
    body: { spec: { replicas } },
    contentType,
  });
  assert.equal(status, 200, text);
}

async function revisionOf(client: ApiClient): Promise<number> {
  const { body } = await client.call('GET', `${MAPS}?limit=1`);
  return Number(body.metadata.resourceVersion);
}

/** What was shown of each object: "MODIFIED 7". */
class Seen {
  readonly #changes = new Map<string, string[]>();
  #revision = 0;

  readonly of = (name: string): readonly string[] => this.#changes.get(name) ?? [];

  take({ type, object }: WatchLine): void {
    const revision = Number(object.metadata.resourceVersion);
    assert.ok(revision > this.#revision, `resourceVersion ${revision} was shown after ${this.#revision}`);
    this.#revision = revision;
    this.add(object.metadata.name ?? '', type, object.data);
  }

  add(name: string, type: string, data: unknown): void {
    if (!/^w\d/.test(name)) return;
    const changes = this.#changes.get(name);
    const change = `${type} ${countOf(data, name)}`;
    if (changes === undefined) this.#changes.set(name, [change]);
    else changes.push(change);
  }
}

/** An informer of the official client, started again whenever its connection is cut. */
class FollowedInformer {
  readonly #informer: Informer<V1ConfigMap>;
  readonly #seen = new Seen();
  readonly of = this.#seen.of;
  #stopped = false;

  constructor(kubeconfigFile: string) {
    const config = new KubeConfig();
    config.loadFromFile(kubeconfigFile);
    const api = config.makeApiClient(CoreV1Api);
    this.#informer = makeInformer(config, MAPS, () => api.listNamespacedConfigMap({ namespace: 'default' }));
    const types = { add: 'ADDED', update: 'MODIFIED', delete: 'DELETED' } as const;
    for (const verb of ['add', 'update', 'delete'] as const)
      this.#informer.on(verb, ({ metadata, data }) =>
        this.#seen.add(metadata?.name ?? '', types[verb], data),
      );
    this.#informer.on('error', () => {
      if (!this.#stopped) setTimeout(() => void this.start(), 20);
    });
  }

  async start(): Promise<void> {
    await this.#informer.start();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#informer.stop();
  }
}
