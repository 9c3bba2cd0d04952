import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ClusterConnection, Kube } from '@epinio/core';
import { createDataDirectory, createKube } from '@epinio/core/adapters';
import { FakeLog, systemClock } from '@epinio/core/testkit';
import { config } from '../../plugins/embedded-cluster/src/config.ts';
import { EmbeddedCluster } from '../../plugins/embedded-cluster/src/embedded-cluster.ts';

/** A Kubernetes with all its controllers whose node says of every pod that it runs. */
export interface SimulatedCluster extends AsyncDisposable {
  readonly kube: Kube;
  readonly connection: ClusterConnection;
  /** Path of the administrator's kubeconfig. */
  readonly kubeconfig: string;
}

/** Starts one in a folder of its own; disposing of it removes both. */
export async function openSimulatedCluster(): Promise<SimulatedCluster> {
  const folder = await mkdtemp(join(tmpdir(), 'epinio-simulated-'));
  const port = await freePort();
  const cluster = new EmbeddedCluster(
    {
      dataDirectory: createDataDirectory(folder),
      listenPorts: { claim: async () => port },
      clock: systemClock,
      log: new FakeLog(),
    },
    config.parse({ node: { simulated: true } }),
  );
  const stop = new AbortController();
  const events = new EventTarget();
  const ready = once(events, 'ready');
  const running = cluster.run({ signal: stop.signal, ready: () => events.dispatchEvent(new Event('ready')) });
  await Promise.race([ready, running]);
  const connection = await cluster.connection();
  const kubeconfig = join(folder, 'kubeconfig');
  await writeFile(kubeconfig, connection.kubeconfig, { mode: 0o600 });
  return {
    kube: await createKube(connection),
    connection,
    kubeconfig,
    async [Symbol.asyncDispose]() {
      stop.abort();
      await running;
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
