import assert from 'node:assert/strict';
import { Agent, get } from 'node:http';
import { test } from 'node:test';
import type { Deployment, EndpointSlice, Informer, Job, Pod } from '@epinio/core';
import { conditionOf } from './controllers/machinery/conditions.ts';
import { TestCluster } from './controllers/testkit/test-cluster.ts';
import { ImageRegistry } from './node/testkit/image-registry.ts';

const NAMESPACE = 'default';

/** A server that ends cleanly, as an application should: it finishes what it was asked. */
const server = (version: string): string => `
  const server = require('http').createServer((request, response) => setTimeout(() => response.end('${version}'), 5));
  server.listen(process.env.PORT, '127.0.0.1');
  process.on('SIGTERM', () => { server.close(() => process.exit(0)); server.closeIdleConnections(); });`;

function web(image: string): Deployment {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { namespace: NAMESPACE, name: 'web' },
    spec: {
      replicas: 2,
      selector: { matchLabels: { app: 'web' } },
      template: {
        metadata: { labels: { app: 'web' } },
        spec: {
          containers: [
            {
              name: 'main',
              image,
              ports: [{ containerPort: 8080 }],
              readinessProbe: { httpGet: { port: 8080 }, periodSeconds: 1 },
            },
          ],
        },
      },
    },
  };
}

/** Sends requests one after the other to whatever the EndpointSlices say is ready. */
function load(slices: Informer<EndpointSlice>, agent: Agent) {
  const seen = { answers: new Map<string, number>(), failures: [] as string[] };
  let goesOn = true;
  let turn = 0;
  const request = async (): Promise<void> => {
    const targets = slices
      .list(NAMESPACE)
      .filter(({ endpoints = [] }) => endpoints.some(({ conditions }) => conditions?.ready === true))
      .map(({ ports = [] }) => ports[0]?.port ?? 0);
    const port = targets[turn++ % Math.max(1, targets.length)];
    if (port === undefined) return void seen.failures.push('no endpoint is ready');
    await new Promise<void>((resolve) => {
      const fail = (error: Error): void => {
        seen.failures.push(`${port}: ${error.message}`);
        resolve();
      };
      get({ port, host: '127.0.0.1', agent }, (response) => {
        let body = '';
        response.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
        response.on('end', () => {
          seen.answers.set(body, (seen.answers.get(body) ?? 0) + 1);
          resolve();
        });
        response.on('error', fail);
      }).on('error', fail);
    });
  };
  const clients = Array.from({ length: 4 }, async () => {
    while (goesOn) await request();
  });
  const stop = async (): Promise<typeof seen> => {
    goesOn = false;
    await Promise.all(clients);
    return seen;
  };
  return { seen, stop };
}

async function rolledOut(cluster: TestCluster): Promise<void> {
  await cluster.until(async () => {
    const deployment = (await cluster.get<Deployment>('Deployment', 'web')) as Deployment;
    const { status = {}, metadata } = deployment;
    assert.equal(status.observedGeneration, metadata.generation);
    assert.deepEqual([status.updatedReplicas, status.availableReplicas, status.replicas], [2, 2, 2]);
  }, 30_000);
}

test('under load, no request fails through rolling updates, one of which does not work', async () => {
  await using registry = await ImageRegistry.start();
  await using cluster = await TestCluster.start({ node: 'real' });
  const image = async (version: string, script: string): Promise<string> =>
    await registry.add(version, [{ at: 'workspace/run.js', content: script }], {
      WorkingDir: '/workspace',
      Entrypoint: ['node', 'run.js'],
    });
  const setImage = async (to: string): Promise<void> => {
    const spec = { template: { spec: { containers: [{ name: 'main', image: to }] } } };
    const ref = { apiVersion: 'apps/v1', kind: 'Deployment', namespace: NAMESPACE, name: 'web' };
    await cluster.kube.patch(ref, { type: 'strategic', patch: { spec } });
  };
  await cluster.kube.create(web(await image('v1', server('v1'))));
  await cluster.kube.create({
    ...{ apiVersion: 'v1', kind: 'Service', metadata: { namespace: NAMESPACE, name: 'web' } },
    spec: { selector: { app: 'web' }, ports: [{ port: 80, targetPort: 8080 }] },
  });
  await rolledOut(cluster);
  const slices = cluster.informers.open<EndpointSlice>({
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
  });
  await cluster.until(() => assert.equal(slices.list(NAMESPACE).length, 2));

  const agent = new Agent({ keepAlive: false });
  const { seen, stop } = load(slices, agent);
  await setImage(await image('v2', server('v2')));
  await rolledOut(cluster);
  await setImage(await image('broken', 'console.error("no database"); process.exit(1)'));
  await cluster.until(async () => {
    const pods = await cluster.list<Pod>('Pod');
    const reasons = pods.map(({ status }) => status?.containerStatuses?.[0]?.state?.waiting?.reason);
    assert.equal(reasons.includes('CrashLoopBackOff'), true);
  }, 30_000);
  await setImage(await image('v3', server('v3')));
  await rolledOut(cluster);
  const before = seen.answers.get('v3') ?? 0;
  await cluster.until(() => assert.equal((seen.answers.get('v3') ?? 0) > before + 20, true));
  const { answers, failures } = await stop();
  assert.deepEqual(failures, []);
  assert.deepEqual([...answers.keys()].sort(), ['v1', 'v2', 'v3']);
});

test('a job with init containers comes to its end, and its log can be read', async () => {
  await using registry = await ImageRegistry.start();
  await using cluster = await TestCluster.start({ node: 'real' });
  const image = await registry.add('steps', [{ at: 'workspace/run.sh', content: 'sh -c "$STEP"' }], {
    WorkingDir: '/workspace',
    Entrypoint: ['/bin/sh', 'run.sh'],
  });
  const volumeMounts = [{ name: 'work', mountPath: '/work' }];
  const step = (name: string, script: string) => ({
    ...{ name, image, volumeMounts },
    env: [{ name: 'STEP', value: script }],
  });
  await cluster.kube.create<Job>({
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { namespace: NAMESPACE, name: 'build' },
    spec: {
      backoffLimit: 0,
      template: {
        spec: {
          restartPolicy: 'Never',
          volumes: [{ name: 'work', emptyDir: {} }],
          initContainers: [step('unpack', 'echo sources >/work/in'), step('detect', 'cp /work/in /work/out')],
          containers: [step('export', 'cat /work/out')],
        },
      },
    },
  });
  const job = await cluster.until(async () => {
    const current = await cluster.get<Job>('Job', 'build');
    assert.equal(conditionOf(current?.status?.conditions, 'Complete')?.status, 'True');
    return current;
  }, 30_000);
  assert.equal(job?.status?.succeeded, 1);
});
