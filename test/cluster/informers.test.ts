import assert from 'node:assert/strict';
import { it } from 'node:test';
import {
  AppsV1Api,
  CoreV1Api,
  KubeConfig,
  makeInformer,
  type KubernetesListObject,
  type KubernetesObject,
  type ListPromise,
} from '@kubernetes/client-node';
import { eventually } from '@epinio/core/testkit';
import type { ApiClient } from '../../plugins/embedded-cluster/src/api/testing/test-api.ts';
import { ClusterProcess } from './support/cluster-process.ts';

const RESTARTS = 2;
const MAPS = '/api/v1/namespaces/default/configmaps';
const PODS = '/api/v1/namespaces/default/pods';
const DEPLOYMENTS = '/apis/apps/v1/namespaces/default/deployments';

it('informers of @kubernetes/client-node hold what the store holds after restarts under changes, and have told all of it', async () => {
  await using cluster = await ClusterProcess.start();
  using client = cluster.client();
  const config = new KubeConfig();
  config.loadFromFile(cluster.kubeconfigFile);
  const core = config.makeApiClient(CoreV1Api);
  const apps = config.makeApiClient(AppsV1Api);
  const namespace = 'default';
  const followed = [
    new Followed(config, MAPS, () => core.listNamespacedConfigMap({ namespace })),
    new Followed(config, PODS, () => core.listNamespacedPod({ namespace })),
    new Followed(config, DEPLOYMENTS, () => apps.listNamespacedDeployment({ namespace })),
  ];
  await Promise.all(followed.map((each) => each.start()));
  await call(client, 'POST', DEPLOYMENTS, deployment);

  const stop = new AbortController();
  let written = 0;
  const writing = (async () => {
    for (let count = 0; !stop.signal.aborted; count++) {
      // What is refused while the server is away is not tried again: the store decides what there is.
      await change(client, count).then(
        () => written++,
        () => new Promise((resolve) => setTimeout(resolve, 20)),
      );
    }
  })();
  for (let restart = 0; restart < RESTARTS; restart++) {
    const until = written + 100;
    await eventually(() => assert.ok(written >= until, `${written} changes`), 30_000);
    await cluster.kill();
    await cluster.start();
  }
  stop.abort();
  await writing;
  await eventually(async () => {
    for (const each of followed) {
      const { body } = await client.call('GET', each.path);
      const stored = Object.fromEntries(
        (body.items ?? []).map(({ metadata }) => [metadata.name ?? '', metadata.resourceVersion ?? '']),
      );
      assert.ok(Object.keys(stored).length > 0, `there is something at ${each.path}`);
      assert.deepEqual(each.cached(), stored, `the cache of ${each.path}`);
      assert.deepEqual(each.told(), stored, `what was told of ${each.path}`);
    }
  }, 20_000);
  await Promise.all(followed.map((each) => each.stop()));
});

const deployment = {
  metadata: { name: 'scaled' },
  spec: {
    replicas: 1,
    selector: { matchLabels: { app: 'scaled' } },
    template: { metadata: { labels: { app: 'scaled' } }, spec: { containers: [{ name: 'a', image: 'a' }] } },
  },
};

/** Makes, changes and removes maps in turn, so that each restart falls among all three, and scales now and then. */
async function change(client: ApiClient, count: number): Promise<void> {
  const name = `m${Math.floor(count / 3) % 20}`;
  if (count % 10 === 9) {
    const merge = { spec: { replicas: ((count / 10) % 4) | 0 } };
    await call(client, 'PATCH', `${DEPLOYMENTS}/scaled`, merge);
    return;
  }
  const path = `${MAPS}/${name}`;
  if (count % 3 === 0) await call(client, 'POST', MAPS, { metadata: { name }, data: { count: `${count}` } });
  else if (count % 3 === 1) await call(client, 'PATCH', path, { data: { count: `${count}` } });
  else if (count % 6 === 5) await call(client, 'DELETE', path);
}

async function call(client: ApiClient, method: string, path: string, body?: object): Promise<void> {
  const contentType = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json';
  const { status, text } = await client.call(method, path, {
    contentType,
    ...(body === undefined ? {} : { body }),
  });
  assert.ok([200, 201, 404, 409].includes(status), text);
}

/** An informer that is started again whenever its connection is cut, and what it has told. */
class Followed {
  readonly path: string;
  readonly #informer: ReturnType<typeof makeInformer<KubernetesObject>>;
  readonly #told = new Map<string, string>();
  #stopped = false;

  constructor(config: KubeConfig, path: string, list: () => Promise<KubernetesListObject<KubernetesObject>>) {
    this.path = path;
    this.#informer = makeInformer(config, path, list as ListPromise<KubernetesObject>);
    for (const verb of ['add', 'update'] as const)
      this.#informer.on(verb, ({ metadata }) => {
        this.#told.set(metadata?.name ?? '', metadata?.resourceVersion ?? '');
      });
    this.#informer.on('delete', ({ metadata }) => void this.#told.delete(metadata?.name ?? ''));
    this.#informer.on('error', () => {
      if (!this.#stopped) setTimeout(() => void this.start(), 20);
    });
  }

  /** The version of each object in its cache. */
  cached(): Readonly<Record<string, string>> {
    return Object.fromEntries(
      this.#informer.list().map(({ metadata }) => [metadata?.name ?? '', metadata?.resourceVersion ?? '']),
    );
  }

  /** The version of each object that its events come to. */
  told(): Readonly<Record<string, string>> {
    return Object.fromEntries(this.#told);
  }

  async start(): Promise<void> {
    await this.#informer.start().catch(() => undefined); // tells an error, too
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#informer.stop();
  }
}
