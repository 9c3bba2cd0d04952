import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInformers, type KubeObject, type ListenPorts } from '@epinio/core';
import { FakeKube, FakeLog, type IngressContext, systemClock } from '@epinio/core/testkit';
import { config as schema } from '../config.ts';
import { EmbeddedIngress } from '../ingress.ts';

/** A serving ingress over a cluster in memory, for tests. */
export interface TestIngress extends IngressContext {
  readonly ingress: EmbeddedIngress;
  readonly kube: FakeKube;
  readonly log: FakeLog;
  /** Objects as they are, status and creation time included. */
  put(...objects: readonly KubeObject[]): void;
  /** Stops serving, as the server does. */
  stop(): Promise<void>;
}

export const SETTINGS = { domain: 'localhost', namespace: 'epinio', tlsIssuer: 'epinio-ca' } as const;

/** @param options the plugin's `with:` part */
export async function openIngress(options: Readonly<Record<string, unknown>> = {}): Promise<TestIngress> {
  const folder = await mkdtemp(join(tmpdir(), 'epinio-ingress-'));
  const kube = new FakeKube({ namespaces: ['epinio', 'workspace', 'other'] });
  const log = new FakeLog();
  const informers = createInformers(kube, { log, clock: systemClock });
  const ingress = new EmbeddedIngress(
    {
      kube,
      informers,
      log,
      clock: systemClock,
      listenPorts: freePorts(),
      dataDirectory: { path: () => folder },
      settings: SETTINGS,
    },
    schema.parse(options),
  );
  const stopping = new AbortController();
  let markReady: () => void = () => undefined;
  const ready = new Promise<void>((resolve) => (markReady = resolve));
  const running = ingress.run({ signal: stopping.signal, ready: () => markReady() });
  const stop = async (): Promise<void> => {
    stopping.abort(new Error('the test is over'));
    await running;
  };
  await Promise.race([ready, running]);
  return {
    ingress,
    kube,
    log,
    stop,
    put: (...objects) => kube.seed(...objects),
    async [Symbol.asyncDispose]() {
      await stop();
      await informers.close();
      await kube[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Ports that the system says are free, remembered by name. */
function freePorts(): ListenPorts {
  const known = new Map<string, Promise<number>>();
  return {
    claim(name, preferred, { exact = false } = {}) {
      if (exact) return Promise.resolve(preferred);
      let port = known.get(name);
      if (port === undefined) known.set(name, (port = freePort()));
      return port;
    },
  };
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
