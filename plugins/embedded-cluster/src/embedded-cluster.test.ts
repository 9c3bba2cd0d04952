import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { get } from 'node:https';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { it } from 'node:test';
import type { ListenPorts, Service } from '@epinio/core';
import { FakeLog, systemClock, testCluster, testPlugin, type OpenCluster } from '@epinio/core/testkit';
import { config } from './config.ts';
import { EmbeddedCluster } from './embedded-cluster.ts';
import plugin from './index.ts';

testPlugin(plugin, {
  from: import.meta.url,
  valid: [{}, { port: 16443, history: 1000, node: { name: 'here', simulated: true } }],
  invalid: [
    [{ port: 0 }, /port/],
    [{ history: 1 }, /history/],
    [{ node: { colour: 'red' } }, /colour/],
  ],
});

testCluster('embedded', () => openCluster());

it('keeps its kubeconfig to its owner, and its port over a restart', async () => {
  await using opened = await openCluster();
  const file = join(opened.directory, 'embedded-cluster', 'kubeconfig');
  assert.equal(statSync(file).mode & 0o777, 0o600);
  const { kubeconfig } = await opened.cluster.connection();
  await opened.stop();
  await opened.start();
  assert.equal((await opened.cluster.connection()).kubeconfig, kubeconfig);
});

it('serves its API at the address of the Service "kubernetes", under the names that pods know', async () => {
  await using opened = await openCluster({ isolation: 'process' });
  const { kubeconfig } = await opened.cluster.connection();
  const local = new URL(/server: (\S+)/.exec(kubeconfig)?.[1] ?? '');
  const path = '/api/v1/namespaces/default/services/kubernetes';
  const ask = async (address: string, port: number, servername: string): Promise<Service['spec']> => {
    const ca = Buffer.from(/certificate-authority-data: (\S+)/.exec(kubeconfig)?.[1] ?? '', 'base64');
    const token = readFileSync(join(opened.directory, 'embedded-cluster/pki/admin.token'), 'utf8').trim();
    const headers = { authorization: `Bearer ${token}`, host: servername };
    const sent = get({ host: address, port, path, ca, headers, agent: false, servername });
    const [response] = (await once(sent, 'response')) as [IncomingMessage];
    return (JSON.parse(await text(response)) as Service).spec;
  };
  const { clusterIP = '', ports: [port] = [] } = await ask('127.0.0.1', Number(local.port), 'localhost');
  assert.equal(clusterIP, '127.96.0.1');
  assert.equal(port?.name, 'https');
  for (const name of ['kubernetes', 'kubernetes.default', 'kubernetes.default.svc.cluster.local', '']) {
    // Another cluster of this machine may have port 443 of the address; then it is the API's own.
    assert.deepEqual((await ask(clusterIP, port.port, name)).ports, [port]);
  }
});

interface OpenEmbeddedCluster extends OpenCluster {
  readonly directory: string;
  readonly start: () => Promise<void>;
  readonly stop: () => Promise<void>;
}

/** The plugin as a server hosts it, in a folder of its own; pods are not run unless the node is configured. */
async function openCluster(node: object = { simulated: true }): Promise<OpenEmbeddedCluster> {
  const directory = mkdtempSync(join(tmpdir(), 'epinio-cluster-'));
  const dataDirectory = { path: (owner: string) => join(directory, owner) };
  const needs = { dataDirectory, listenPorts: ports(), clock: systemClock, log: new FakeLog() };
  const cluster = new EmbeddedCluster(needs, config.parse({ node }));
  let abort = new AbortController();
  let running: Promise<void> = Promise.resolve();
  const start = async (): Promise<void> => {
    abort = new AbortController();
    await new Promise<void>((resolve, reject) => {
      running = cluster.run({ signal: abort.signal, ready: resolve });
      running.catch(reject);
    });
  };
  const stop = async (): Promise<void> => {
    abort.abort(new Error('the test is over'));
    await running;
  };
  await start();
  return {
    cluster,
    directory,
    start,
    stop,
    async [Symbol.asyncDispose]() {
      await stop();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** Free ports, remembered by name. */
function ports(): ListenPorts {
  const claimed = new Map<string, number>();
  return {
    async claim(name) {
      const known = claimed.get(name);
      if (known !== undefined) return known;
      const server = createServer();
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      const { port } = server.address() as AddressInfo;
      await new Promise<void>((resolve) => server.close(() => resolve()));
      claimed.set(name, port);
      return port;
    },
  };
}
