import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Deployment, EventObject, Pod, ReplicaSet } from '@epinio/core';
import { conditionOf } from '../machinery/conditions.ts';
import { readyStatus, TestCluster } from '../testkit/test-cluster.ts';

const ref = { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'default', name: 'web' };

function web(image: string, spec: Partial<Deployment['spec']> = {}): Deployment {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { namespace: 'default', name: 'web' },
    spec: {
      selector: { matchLabels: { app: 'web' } },
      template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'main', image }] } },
      ...spec,
    },
  };
}

/** What `kubectl rollout status` waits for. */
async function rolledOut(cluster: TestCluster): Promise<Deployment> {
  return await cluster.until(async () => {
    const deployment = await cluster.kube.get<Deployment>(ref);
    const { spec, status = {}, metadata } = deployment as Deployment;
    assert.equal(status.observedGeneration, metadata.generation);
    // A count of zero is left out, as elsewhere.
    const { updatedReplicas = 0, replicas = 0, availableReplicas = 0 } = status;
    assert.deepEqual([updatedReplicas, replicas, availableReplicas], Array(3).fill(spec.replicas));
    assert.equal(conditionOf(status.conditions, 'Progressing')?.reason, 'NewReplicaSetAvailable');
    return deployment as Deployment;
  });
}

async function setImage(cluster: TestCluster, image: string): Promise<void> {
  const spec = { template: { spec: { containers: [{ name: 'main', image }] } } };
  await cluster.kube.patch(ref, { type: 'strategic', patch: { spec } });
}

const byRevision = (sets: readonly ReplicaSet[]): ReplicaSet[] =>
  [...sets].sort((a, b) => Number(revision(a)) - Number(revision(b)));
const revision = ({ metadata }: ReplicaSet | Deployment): string | undefined =>
  metadata.annotations?.['deployment.kubernetes.io/revision'];

test('a deployment is rolled out, updated, undone, scaled and deleted as kubectl wants to see it', async () => {
  await using cluster = await TestCluster.start();
  await cluster.kube.create(web('a:1', { replicas: 2 }));
  const first = await rolledOut(cluster);
  assert.equal(revision(first), '1');
  assert.equal(conditionOf(first.status?.conditions, 'Available')?.status, 'True');
  const [set] = await cluster.list<ReplicaSet>('ReplicaSet');
  assert.ok(set !== undefined, 'set !== undefined');
  const hash = set.metadata.labels?.['pod-template-hash'];
  assert.equal(set.metadata.name, `web-${hash}`);
  const pods = await cluster.list<Pod>('Pod', `pod-template-hash=${hash}`);
  assert.equal(pods.length, 2);
  assert.ok(
    pods.every(({ metadata }) => metadata.name.startsWith(`web-${hash}-`)),
    'pods.every(({ metadata }) => metadata.name.startsWith(`web-${hash}-`))',
  );
  const events = await cluster.list<EventObject>('Event');
  assert.ok(
    events.some(({ message }) => message === `Scaled up replica set web-${hash} from 0 to 2`),
    'events.some(({ message }) => message === `Scaled up replica set web-${hash} from 0 to 2`)',
  );

  await setImage(cluster, 'a:2');
  assert.equal(revision(await rolledOut(cluster)), '2');
  assert.deepEqual(
    byRevision(await cluster.list('ReplicaSet')).map(({ spec }) => spec.replicas),
    [0, 2],
  );

  // kubectl rollout undo writes the old template; its set is found again and becomes the newest revision.
  await setImage(cluster, 'a:1');
  assert.equal(revision(await rolledOut(cluster)), '3');
  const sets = byRevision(await cluster.list<ReplicaSet>('ReplicaSet'));
  assert.deepEqual(sets.map(revision), ['2', '3']);
  assert.equal(sets[1]?.metadata.name, set.metadata.name);
  assert.equal(sets[1].metadata.annotations?.['deployment.kubernetes.io/revision-history'], '1');

  await cluster.kube.patch(ref, { type: 'merge', patch: { spec: { replicas: 4 } } });
  await rolledOut(cluster);
  assert.equal((await cluster.list('Pod')).length, 4);
  await cluster.kube.patch(ref, { type: 'merge', patch: { spec: { replicas: 0 } } });
  await rolledOut(cluster);
  await cluster.until(async () => assert.equal((await cluster.list('Pod')).length, 0));

  await cluster.kube.delete(ref);
  await cluster.until(async () => assert.deepEqual(await cluster.list('ReplicaSet'), []));
});

test('a rolling update waits for readiness before it takes an old pod away', async () => {
  await using cluster = await TestCluster.start({ node: false });
  await cluster.kube.create(web('a:1', { replicas: 2 }));
  const ready = async (image: string, count: number): Promise<readonly Pod[]> =>
    await cluster.until(async () => {
      const pods = (await cluster.list<Pod>('Pod')).filter((pod) => pod.spec.containers[0]?.image === image);
      assert.equal(pods.length, count);
      return pods;
    });
  for (const pod of await ready('a:1', 2)) await cluster.setPodStatus(pod, readyStatus(true));
  await rolledOut(cluster);

  await setImage(cluster, 'a:2');
  const [fresh] = await ready('a:2', 1);
  await ready('a:1', 2); // 25% of 2, rounded down, may be missing: none
  assert.ok(fresh !== undefined, 'fresh !== undefined');
  await cluster.setPodStatus(fresh, readyStatus(true));
  await ready('a:2', 2);
  await ready('a:1', 1);
  for (const pod of await ready('a:2', 2)) await cluster.setPodStatus(pod, readyStatus(true));
  await ready('a:1', 0);
  await rolledOut(cluster);
});

test('a rollout that gets nowhere says so after its deadline, and the old pods stay', async () => {
  await using cluster = await TestCluster.start({ node: false });
  await cluster.kube.create(web('a:1', { progressDeadlineSeconds: 1 }));
  const [pod] = await cluster.until(async () => {
    const pods = await cluster.list<Pod>('Pod');
    assert.equal(pods.length, 1);
    return pods;
  });
  await cluster.setPodStatus(pod as Pod, readyStatus(true));
  await rolledOut(cluster);
  await setImage(cluster, 'a:2');
  const stuck = await cluster.until(async () => {
    const deployment = (await cluster.kube.get<Deployment>(ref)) as Deployment;
    const condition = conditionOf(deployment.status?.conditions, 'Progressing');
    assert.equal(condition?.status, 'False');
    assert.equal(condition.reason, 'ProgressDeadlineExceeded');
    return deployment;
  });
  assert.equal(stuck.status?.availableReplicas, 1);
  assert.equal(conditionOf(stuck.status.conditions, 'Available')?.status, 'True');
  await setImage(cluster, 'a:1');
  await rolledOut(cluster);
});

test('Recreate starts no new pod before the last old one is gone', async () => {
  await using cluster = await TestCluster.start();
  await cluster.kube.create(web('a:1', { replicas: 2, strategy: { type: 'Recreate' } }));
  await rolledOut(cluster);
  const images: string[][] = [];
  const informer = cluster.informers.open<Pod>({ apiVersion: 'v1', kind: 'Pod' });
  informer.subscribe(() =>
    images.push(informer.list('default').map(({ spec }) => spec.containers[0]?.image ?? '')),
  );
  await setImage(cluster, 'a:2');
  await rolledOut(cluster);
  assert.ok(
    images.every((seen) => new Set(seen).size <= 1),
    'never both at a time',
  );
});

test('a paused deployment is scaled but not rolled out', async () => {
  await using cluster = await TestCluster.start();
  await cluster.kube.create(web('a:1'));
  await rolledOut(cluster);
  await cluster.kube.patch(ref, { type: 'merge', patch: { spec: { paused: true } } });
  await setImage(cluster, 'a:2');
  await cluster.kube.patch(ref, { type: 'merge', patch: { spec: { replicas: 3 } } });
  await cluster.until(async () => {
    const pods = await cluster.list<Pod>('Pod');
    assert.deepEqual(
      pods.map(({ spec }) => spec.containers[0]?.image),
      ['a:1', 'a:1', 'a:1'],
    );
  });
  const paused = (await cluster.kube.get<Deployment>(ref)) as Deployment;
  assert.equal(conditionOf(paused.status?.conditions, 'Progressing')?.reason, 'DeploymentPaused');
  await cluster.kube.patch(ref, { type: 'merge', patch: { spec: { paused: false } } });
  await rolledOut(cluster);
  const images = (await cluster.list<Pod>('Pod')).map(({ spec }) => spec.containers[0]?.image);
  assert.deepEqual(images, ['a:2', 'a:2', 'a:2']);
});

test('history is kept to its limit', async () => {
  await using cluster = await TestCluster.start();
  await cluster.kube.create(web('a:0', { revisionHistoryLimit: 1 }));
  for (const image of ['a:1', 'a:2', 'a:3']) {
    await rolledOut(cluster);
    await setImage(cluster, image);
  }
  await rolledOut(cluster);
  await cluster.until(async () => {
    const sets = byRevision(await cluster.list<ReplicaSet>('ReplicaSet'));
    assert.deepEqual(sets.map(revision), ['3', '4']);
  });
});

test('a pod that is deleted is replaced, and one whose label is taken away is let go', async () => {
  await using cluster = await TestCluster.start();
  await cluster.kube.create(web('a:1'));
  await rolledOut(cluster);
  const [pod] = await cluster.list<Pod>('Pod');
  const podRef = { apiVersion: 'v1', kind: 'Pod', namespace: 'default', name: pod?.metadata.name ?? '' };
  await cluster.kube.patch(podRef, { type: 'merge', patch: { metadata: { labels: { app: null } } } });
  await cluster.until(async () => {
    const pods = await cluster.list<Pod>('Pod');
    assert.equal(pods.length, 2);
    assert.deepEqual(
      pods.find(({ metadata }) => metadata.uid === pod?.metadata.uid)?.metadata.ownerReferences ?? [],
      [],
    );
  });
  const [other] = await cluster.list<Pod>('Pod', 'app=web');
  await cluster.kube.delete({ ...podRef, name: other?.metadata.name ?? '' });
  await cluster.until(async () => {
    const [next, ...rest] = await cluster.list<Pod>('Pod', 'app=web');
    assert.deepEqual(rest, []);
    assert.notEqual(next, undefined);
    assert.notEqual(next?.metadata.uid, other?.metadata.uid);
  });
});
