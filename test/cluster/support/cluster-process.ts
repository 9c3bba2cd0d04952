import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { ApiClient } from '../../../plugins/embedded-cluster/src/api/testing/test-api.ts';
import { bundleProgram } from './bundle-program.ts';

const START_TIMEOUT_MS = 30_000;
let bundle: Promise<string> | undefined;

export interface ClusterProcessOptions {
  /** Without controllers and node. */
  readonly apiOnly?: boolean;
  /** Pods run; default: they are only marked ready. */
  readonly runsPods?: boolean;
  /** A shell command that comes before: `ulimit -f 8192`. */
  readonly prepare?: string;
  /** Changes kept per resource. */
  readonly history?: number;
}

/** What the process holds, its garbage collected, in MB of 10^6 bytes. */
export interface ProcessMemory {
  readonly heapMb: number;
  readonly residentMb: number;
}

/** The embedded cluster as a process that can be killed and started again, on a folder and a port that stay. */
export class ClusterProcess implements AsyncDisposable {
  readonly folder = mkdtempSync(join(tmpdir(), 'epinio-cluster-'));
  readonly #options: ClusterProcessOptions;
  #port = 0;
  #child: ChildProcess | undefined;
  #errors = '';

  constructor(options: ClusterProcessOptions = {}) {
    this.#options = options;
  }

  static async start(options: ClusterProcessOptions = {}): Promise<ClusterProcess> {
    const cluster = new ClusterProcess(options);
    await cluster.start();
    return cluster;
  }

  get port(): number {
    return this.#port;
  }

  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  get kubeconfigFile(): string {
    return join(this.folder, 'kubeconfig');
  }

  /** What the process said on stderr since it was started first. */
  get errors(): string {
    return this.#errors;
  }

  /** The administrator. */
  client(): ApiClient {
    return ApiClient.fromKubeconfig(this.kubeconfigFile);
  }

  /** Starts it; resolves when it is ready. @param offsetMs how far its clock is ahead */
  async start(offsetMs = 0): Promise<void> {
    const child = await this.launch(offsetMs);
    const timer = setTimeout(() => child.kill('SIGKILL'), START_TIMEOUT_MS);
    for await (const line of createInterface({ input: child.stdout as NodeJS.ReadableStream })) {
      if (!line.startsWith('ready ')) continue;
      this.#port = Number(line.slice(6));
      clearTimeout(timer);
      return;
    }
    clearTimeout(timer);
    throw new Error(`the cluster ended before it was ready:\n${this.#errors}`);
  }

  /** Starts it, and does not wait. */
  async launch(offsetMs = 0): Promise<ChildProcess> {
    bundle ??= bundleProgram(join(import.meta.dirname, 'serve-cluster.ts'));
    const { apiOnly = false, runsPods = false, prepare = ':', history = 4096 } = this.#options;
    this.#port ||= await freePort();
    const args = [
      await bundle,
      this.folder,
      String(this.#port),
      ...(apiOnly ? ['api'] : runsPods ? ['pods'] : []),
    ];
    const child = spawn(
      'sh',
      ['-c', `${prepare}; exec "$@"`, 'sh', process.execPath, '--expose-gc', ...args],
      {
        stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
        env: { ...process.env, CLOCK_OFFSET_MS: String(offsetMs), HISTORY: String(history) },
      },
    );
    child.stderr?.on('data', (text: Buffer) => (this.#errors += text.toString()));
    this.#child = child;
    return child;
  }

  /** Ends it as a power cut would end its process. Resolves when it is gone. */
  async kill(): Promise<void> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  }

  /** Starts again with nothing. */
  async reset(): Promise<void> {
    await this.kill();
    for (const file of ['cluster.mdb', 'cluster.mdb-lock']) rmSync(join(this.folder, file), { force: true });
    await this.start();
  }

  /** Moves the clock that the process sees. */
  async jump(ms: number): Promise<void> {
    await this.#tell({ jumpMs: ms });
  }

  async memory(): Promise<ProcessMemory> {
    return (await this.#tell({})) as ProcessMemory;
  }

  async #tell(message: { readonly jumpMs?: number }): Promise<unknown> {
    const child = this.#child;
    if (child === undefined) throw new Error('the cluster does not run');
    const answered = once(child, 'message');
    child.send(message);
    return (await answered)[0] as unknown;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise<void>((resolve) => server.close(() => resolve()));
  return port;
}
