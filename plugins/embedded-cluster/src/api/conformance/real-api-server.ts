import { spawn, type ChildProcess } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from '@epinio/core/testkit';
import { ApiClient } from '../testing/test-api.ts';

const START_TIMEOUT_MS = 60_000;
const TOKEN = 'test';

/** A real etcd and kube-apiserver to compare with, from a folder of binaries (`KUBEBUILDER_ASSETS`). */
export class RealApiServer implements AsyncDisposable {
  readonly client: ApiClient;
  readonly #directory: string;
  readonly #processes: readonly ChildProcess[];

  readonly origin: string;
  /** What a client sends to be the administrator. */
  readonly headers = { authorization: `Bearer ${TOKEN}` };

  private constructor(
    directory: string,
    origin: string,
    client: ApiClient,
    processes: readonly ChildProcess[],
  ) {
    this.#directory = directory;
    this.origin = origin;
    this.client = client;
    this.#processes = processes;
  }

  /** Of the kube-apiserver. */
  get pid(): number {
    return this.#processes.at(-1)?.pid ?? 0;
  }

  /** @param durable whether etcd waits for the disk, as it does where it matters */
  static async start(assets: string, { durable = false } = {}): Promise<RealApiServer> {
    const directory = mkdtempSync(join(tmpdir(), 'epinio-real-'));
    const [etcdPort, peerPort, port] = await Promise.all([freePort(), freePort(), freePort()]);
    const key = join(directory, 'sa.key');
    writeFileSync(
      key,
      generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ type: 'sec1', format: 'pem' }),
    );
    const tokens = join(directory, 'tokens.csv');
    writeFileSync(tokens, `${TOKEN},admin,admin,system:masters\n`);
    const etcd = `http://127.0.0.1:${etcdPort}`;
    const peer = `http://127.0.0.1:${peerPort}`;
    const processes = [
      start(join(assets, 'etcd'), [
        `--data-dir=${join(directory, 'etcd')}`,
        `--listen-client-urls=${etcd}`,
        `--advertise-client-urls=${etcd}`,
        `--listen-peer-urls=${peer}`,
        `--initial-advertise-peer-urls=${peer}`,
        `--initial-cluster=default=${peer}`,
        ...(durable ? [] : ['--unsafe-no-fsync']),
      ]),
      start(join(assets, 'kube-apiserver'), [
        `--etcd-servers=${etcd}`,
        `--secure-port=${port}`,
        '--bind-address=127.0.0.1',
        `--cert-dir=${join(directory, 'certs')}`,
        '--service-account-issuer=https://kubernetes.default.svc.cluster.local',
        `--service-account-signing-key-file=${key}`,
        `--service-account-key-file=${key}`,
        '--service-cluster-ip-range=10.96.0.0/16',
        `--token-auth-file=${tokens}`,
        '--authorization-mode=RBAC',
      ]),
    ];
    const origin = `https://127.0.0.1:${port}`;
    const client = new ApiClient(origin, { rejectUnauthorized: false }, TOKEN);
    const server = new RealApiServer(directory, origin, client, processes);
    try {
      await eventually(async () => {
        const { status } = await client.call('GET', '/api/v1/namespaces/default');
        if (status !== 200) throw new Error(`the real kube-apiserver answers ${status}`);
      }, START_TIMEOUT_MS);
      return server;
    } catch (error) {
      await server[Symbol.asyncDispose]();
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.client[Symbol.dispose]();
    await Promise.all(
      this.#processes.map(
        (process) =>
          new Promise<void>((resolve) => {
            if (process.exitCode !== null) {
              resolve();
              return;
            }
            process.once('exit', () => resolve());
            process.kill('SIGKILL');
          }),
      ),
    );
    rmSync(this.#directory, { recursive: true, force: true });
  }
}

function start(program: string, args: readonly string[]): ChildProcess {
  return spawn(program, args, { stdio: 'ignore' });
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise<void>((resolve) => server.close(() => resolve()));
  return port;
}
