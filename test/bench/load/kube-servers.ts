import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { selfSigned } from '@epinio/core/testkit';
import { RealApiServer } from '../../../plugins/embedded-cluster/src/api/conformance/real-api-server.ts';
import { ClusterProcess } from '../../cluster/support/cluster-process.ts';
import { startBaseline } from './baseline.ts';
import { kubeconfigTarget } from './cluster-access.ts';
import type { Target } from './rate.ts';

/** A server that has ConfigMaps. */
export interface KubeServer {
  readonly what: string;
  readonly target: Target;
  /** Its processes; of a real one without etcd. */
  readonly pids: () => readonly number[];
}

export interface KubeServers extends AsyncDisposable {
  readonly cluster: KubeServer;
  readonly bare: KubeServer;
  /** Where `KUBEBUILDER_ASSETS` has one. */
  readonly real?: KubeServer;
  readonly all: readonly KubeServer[];
  /** The cluster's. */
  readonly process: ClusterProcess;
}

/** Starts the embedded cluster and what it is compared with, each as a process of its own, all empty. */
export async function startServers(): Promise<KubeServers> {
  const stack: AsyncDisposable[] = [];
  const stop = async (): Promise<void> => {
    for (const each of stack.reverse()) await each[Symbol.asyncDispose]();
  };
  try {
    const process_ = await ClusterProcess.start();
    stack.push(process_);
    const cluster = {
      what: 'embedded cluster',
      target: await kubeconfigTarget(process_.kubeconfigFile),
      pids: () => [process_.pid],
    };
    const { certificate, key } = selfSigned('127.0.0.1');
    const folder = mkdtempSync(join(tmpdir(), 'epinio-bare-'));
    const store = await startBaseline(join(import.meta.dirname, 'bare-store.ts'), {
      cert: certificate,
      key,
      file: join(folder, 'bare.mdb'),
    });
    stack.push({
      async [Symbol.asyncDispose]() {
        await store[Symbol.asyncDispose]();
        rmSync(folder, { recursive: true, force: true });
      },
    });
    const bare = {
      what: 'TLS, JSON, LMDB',
      target: { origin: `https://127.0.0.1:${store.port}`, tls: { ca: certificate } },
      pids: () => [store.pid],
    };
    const assets = process.env['KUBEBUILDER_ASSETS'];
    const servers = { cluster, bare, process: process_, [Symbol.asyncDispose]: stop };
    if (assets === undefined) return { ...servers, all: [cluster, bare] };
    const started = await RealApiServer.start(assets, { durable: true });
    stack.push(started);
    const { origin, headers, pid } = started;
    const tls = { rejectUnauthorized: false };
    const real = { what: 'kube-apiserver', target: { origin, tls, headers }, pids: () => [pid] };
    return { ...servers, real, all: [cluster, bare, real] };
  } catch (error) {
    await stop();
    throw error;
  }
}
