import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { eventually } from '@epinio/core/testkit';
import type { ApiClient, Body } from '../../plugins/embedded-cluster/src/api/testing/test-api.ts';
import { ClusterProcess } from './support/cluster-process.ts';

const HOURS = 3_600_000;
const JOBS = '/apis/batch/v1/namespaces/default/jobs';
const DEPLOYMENTS = '/apis/apps/v1/namespaces/default/deployments';
const LEASES = '/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases';

type Timed = Body & {
  readonly metadata: { readonly creationTimestamp?: string };
  readonly spec?: { readonly renewTime?: string };
  readonly status?: { readonly succeeded?: number; readonly readyReplicas?: number };
};

describe('a clock that jumps', () => {
  let cluster: ClusterProcess;
  let client: ApiClient;
  before(async () => {
    cluster = await ClusterProcess.start();
    client = cluster.client();
  });
  after(async () => {
    client[Symbol.dispose]();
    await cluster[Symbol.asyncDispose]();
  });

  /** Deploys, runs a job to its end, and removes both: everything that controllers and node do. */
  const works = async (name: string): Promise<string> => {
    const spec = { containers: [{ name: 'a', image: 'a' }] };
    const labels = { app: name };
    const created = await client.call('POST', DEPLOYMENTS, {
      body: {
        metadata: { name },
        spec: { replicas: 2, selector: { matchLabels: labels }, template: { metadata: { labels }, spec } },
      },
    });
    assert.equal(created.status, 201, created.text);
    const job = { metadata: { name }, spec: { template: { spec: { ...spec, restartPolicy: 'Never' } } } };
    assert.equal((await client.call('POST', JOBS, { body: job })).status, 201);
    await eventually(async () => {
      const deployed = (await client.call('GET', `${DEPLOYMENTS}/${name}`)).body as Timed;
      assert.equal(deployed.status?.readyReplicas, 2, `${name}: pods are not ready`);
      const done = (await client.call('GET', `${JOBS}/${name}`)).body as Timed;
      assert.equal(done.status?.succeeded, 1, `${name}: the job is not done`);
    }, 20_000);
    for (const path of [`${DEPLOYMENTS}/${name}`, `${JOBS}/${name}`])
      await client.call('DELETE', `${path}?propagationPolicy=Foreground`);
    await eventually(async () => {
      const { body } = await client.call('GET', '/api/v1/namespaces/default/pods');
      assert.equal(body.items?.length, 0, `${name}: pods are left`);
    }, 20_000);
    return (created.body as Timed).metadata.creationTimestamp ?? '';
  };
  const revision = async (): Promise<number> =>
    Number((await client.call('GET', '/api/v1/namespaces')).body.metadata.resourceVersion);
  /** Processor time, in hundredths of a second. */
  const ticks = (): number => {
    const fields = readFileSync(`/proc/${cluster.pid}/stat`, 'utf8')
      .replace(/^.*\) /, '')
      .split(' ');
    return Number(fields[11]) + Number(fields[12]);
  };

  for (const [name, hours] of [
    ['forward', 6],
    ['back', -12],
    ['forward again', 6],
  ] as const) {
    it(`${name} by ${Math.abs(hours)} hours leaves everything working, and nothing spins`, async () => {
      const id = name.replaceAll(' ', '-');
      const watch = client.watch('/api/v1/namespaces/default/configmaps?watch=1&labelSelector=jump');
      const before = await works(`${id}-before`);
      const known = await revision();
      await cluster.jump(hours * HOURS);
      const later = await works(`${id}-after`);
      const moved = (Date.parse(later) - Date.parse(before)) / HOURS;
      assert.ok(Math.abs(moved - hours) < 0.1, `timestamps moved by ${moved} h`);
      assert.ok((await revision()) > known, 'resourceVersions went back with the clock');
      // A watch that was open goes on.
      const body = { metadata: { name: `jump-${id}`, labels: { jump: 'yes' } } };
      await client.call('POST', '/api/v1/namespaces/default/configmaps', { body });
      let shown: string | undefined;
      while (shown !== body.metadata.name) {
        const next = (await watch.next()) as IteratorResult<{ object: Body }, undefined>;
        shown = next.value?.object.metadata.name;
      }
      await watch.return(undefined);
      if (process.platform !== 'linux') return;
      await new Promise((resolve) => setTimeout(resolve, 500)); // what has been asked for is done by then
      const idle = ticks();
      await new Promise((resolve) => setTimeout(resolve, 2_000));
      assert.ok(ticks() - idle < 60, `${ticks() - idle} hundredths of a second of work in 2 idle seconds`);
    });
  }

  it('between two runs leaves everything working, and the node tells that it lives', async () => {
    const known = await revision();
    for (const hours of [48, -48]) {
      await cluster.kill();
      await cluster.start(hours * HOURS);
      assert.ok((await revision()) >= known, 'resourceVersions went back with the clock');
      await works(`restart-${hours > 0 ? 'ahead' : 'behind'}`);
      await eventually(async () => {
        const { body } = await client.call('GET', LEASES);
        const { renewTime = '' } = ((body.items ?? [])[0] as Timed).spec ?? {};
        assert.ok(
          Math.abs(Date.parse(renewTime) - Date.now() - hours * HOURS) < HOURS,
          `renewed at ${renewTime}`,
        );
      }, 15_000);
    }
  });
});
