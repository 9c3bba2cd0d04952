import assert from 'node:assert/strict';
import { chmodSync } from 'node:fs';
import { PassThrough } from 'node:stream';
import { it } from 'node:test';
import { Attach, CoreV1Api, KubeConfig } from '@kubernetes/client-node';
import type { Pod } from '@epinio/core';
import { eventually } from '@epinio/core/testkit';
import { ImageRegistry } from '../../plugins/embedded-cluster/src/node/testkit/image-registry.ts';
import { ClusterProcess } from './support/cluster-process.ts';

const NAMESPACE = 'default';
/** Says with each line how many it has heard: only the same process goes on counting. */
const COUNT = 'n=0; while read line; do n=$((n+1)); echo "$n: $line"; done; echo over';

it('reaches the input and the terminal of processes that were there before kill -9', async () => {
  await using registry = await ImageRegistry.start();
  const image = await registry.add('count', [{ at: 'workspace/name', content: 'count' }], {
    Cmd: ['/bin/sh', '-c', COUNT],
  });
  await using cluster = await ClusterProcess.start({ runsPods: true });
  chmodSync(cluster.folder, 0o711);
  const config = new KubeConfig();
  config.loadFromFile(cluster.kubeconfigFile);
  const api = config.makeApiClient(CoreV1Api);

  const phaseOf = async (name: string): Promise<string | undefined> =>
    (await api.readNamespacedPod({ namespace: NAMESPACE, name })).status?.phase;
  /** Writes to a container until its answer is seen. */
  async function hears(name: string, tty: boolean, line: string, answer: string): Promise<void> {
    const [input, output] = [new PassThrough(), new PassThrough()];
    let seen = '';
    output.setEncoding('utf8').on('data', (text: string) => (seen += text));
    const socket = await new Attach(config).attach(NAMESPACE, name, 'main', output, null, input, tty);
    socket.onerror = () => undefined; // the cluster is killed while it is open
    input.write(line);
    await eventually(() => assert.ok(seen.includes(answer), `${name} says ${JSON.stringify(seen)}`));
  }

  for (const [name, tty] of [
    ['pipe', false],
    ['terminal', true],
  ] as const) {
    const pod: Pod = {
      ...{ apiVersion: 'v1', kind: 'Pod', metadata: { name } },
      spec: { restartPolicy: 'Never', containers: [{ name: 'main', image, stdin: true, tty }] },
    };
    await api.createNamespacedPod({ namespace: NAMESPACE, body: pod as never });
    await eventually(async () => assert.equal(await phaseOf(name), 'Running'), 20_000);
    await hears(name, tty, 'one\n', '1: one');
  }
  await cluster.kill();
  await cluster.start();
  await hears('pipe', false, 'two\n', '2: two');
  await hears('terminal', true, 'two\n', '2: two');
  await hears('terminal', true, '\u0004', 'over');
  await eventually(async () => assert.equal(await phaseOf('terminal'), 'Succeeded'), 20_000);
  for (const name of ['pipe', 'terminal'])
    await api.deleteNamespacedPod({ namespace: NAMESPACE, name, gracePeriodSeconds: 0 });
  await eventually(async () =>
    assert.equal((await api.listNamespacedPod({ namespace: NAMESPACE })).items.length, 0),
  );
});
