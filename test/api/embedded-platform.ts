import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  certs,
  componentsOf,
  createInformers,
  createPlatform,
  createPluginHost,
  derive,
  install,
  provide,
} from '@epinio/core';
import {
  clock,
  cluster,
  commands,
  dataDirectory,
  informers,
  kube,
  listenPorts,
  log,
  settings,
} from '@epinio/core';
import type { Kube, Platform, PluginHost } from '@epinio/core';
import {
  createClock,
  createCommands,
  createDataDirectory,
  createKube,
  createListenPorts,
} from '@epinio/core/adapters';
import { ensureUser, platformParts, startServer, type EpinioServer } from '@epinio/core/api';
import { eventually, FakeLog, requestPublic, type PublicResponse } from '@epinio/core/testkit';
import type { AsyncDeployStatus } from '@epinio/core/api';
import embeddedBuilder from '../../plugins/embedded-builder/src/index.ts';
import embeddedCerts from '../../plugins/embedded-certs/src/index.ts';
import embeddedCluster from '../../plugins/embedded-cluster/src/index.ts';
import embeddedIngress from '../../plugins/embedded-ingress/src/index.ts';
import embeddedRegistry from '../../plugins/embedded-registry/src/index.ts';
import embeddedSecretSync from '../../plugins/embedded-secret-sync/src/index.ts';
import embeddedStorage from '../../plugins/embedded-storage/src/index.ts';
import noMesh from '../../plugins/no-mesh/src/index.ts';

const PLUGINS = [
  embeddedCluster,
  noMesh,
  embeddedCerts,
  embeddedSecretSync,
  embeddedStorage,
  embeddedRegistry,
  embeddedIngress,
  embeddedBuilder,
];
const SETTINGS = { domain: 'localhost', namespace: 'epinio', tlsIssuer: 'epinio-ca' };
const ADMIN = `Basic ${Buffer.from('admin:pass').toString('base64')}`;

/** A whole embedded platform in this process and a folder of its own, reached as its users reach it. */
export class EmbeddedPlatform implements AsyncDisposable {
  readonly folder: string;
  readonly log: FakeLog;
  readonly kube: Kube;
  readonly server: EpinioServer;
  readonly ca: string;
  readonly #platform: Platform;
  readonly #host: PluginHost;

  private constructor(
    parts: Pick<EmbeddedPlatform, 'folder' | 'log' | 'kube' | 'server' | 'ca'>,
    platform: Platform,
    host: PluginHost,
  ) {
    this.folder = parts.folder;
    this.log = parts.log;
    this.kube = parts.kube;
    this.server = parts.server;
    this.ca = parts.ca;
    this.#platform = platform;
    this.#host = host;
  }

  static async open(): Promise<EmbeddedPlatform> {
    const folder = await mkdtemp(join(tmpdir(), 'epinio-platform-'));
    const quiet = new FakeLog();
    const systemClock = createClock();
    const stop = new AbortController();
    const platform = await createPlatform({
      plugins: PLUGINS.map((plugin) => ({ plugin })),
      signal: stop.signal,
      ports: [
        provide(clock, systemClock),
        provide(commands, createCommands()),
        provide(dataDirectory, createDataDirectory(folder)),
        provide(listenPorts, createListenPorts(folder)),
        provide(log, quiet),
        provide(settings, SETTINGS),
      ],
      derive: [
        derive({
          provides: kube,
          needs: { cluster },
          make: async (needs) => createKube(await needs.cluster.connection()),
        }),
        derive({
          provides: informers,
          needs: { kube },
          make: (needs) => createInformers(needs.kube, { log: quiet, clock: systemClock }),
        }),
      ],
    });
    const host = createPluginHost(platform, { log: quiet, signal: stop.signal, stopTimeoutMs: 20_000 });
    await host.start(cluster);
    const api = await platform.open(kube);
    const own = { id: 'epinio', needs: [], parts: platformParts(SETTINGS), probes: [] };
    const components = componentsOf(platform, () => undefined).map((one) => ({
      ...one,
      needs: [own.id, ...one.needs],
    }));
    await Promise.all([
      install({
        kube: api,
        components: [own, ...components],
        settings: SETTINGS,
        version: 'test',
        signal: stop.signal,
      }),
      host.startAll(),
    ]);
    await ensureUser(api, SETTINGS, { user: 'admin', password: 'pass', roles: ['admin'] });
    const server = await startServer(platform, { version: 'test', timeoutMultiplier: 0.1 });
    const ca = (await (await platform.open(certs)).trustedCa(SETTINGS.tlsIssuer)) ?? '';
    return new EmbeddedPlatform({ folder, log: quiet, kube: api, server, ca }, platform, host);
  }

  get httpsPort(): number {
    return Number(new URL(this.server.url).port);
  }

  /** Through the ingress, verifying the platform's certificate. */
  async get(
    url: string,
    options: { method?: string; body?: string | Buffer; headers?: Record<string, string> } = {},
  ): Promise<PublicResponse> {
    const connectTo = { host: '127.0.0.1', port: this.httpsPort };
    return requestPublic(url, { connectTo, ca: this.ca, ...options });
  }

  /** A call of the API that must have this status. */
  async api<T = unknown>(status: number, method: string, path: string, body?: unknown): Promise<T> {
    const content = body === undefined ? undefined : JSON.stringify(body);
    const response = await this.get(`${this.server.url}/api/v1/${path}`, {
      method,
      headers: {
        authorization: ADMIN,
        ...(content === undefined ? {} : { 'content-length': String(Buffer.byteLength(content)) }),
      },
      ...(content === undefined ? {} : { body: content }),
    });
    if (response.status !== status)
      throw new Error(`${method} ${path}: ${response.status}: ${response.body}`);
    return JSON.parse(response.body) as T;
  }

  async upload(app: string, archive: Buffer): Promise<string> {
    const boundary = 'xxBOUNDARYxx';
    const head = `--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="s.tar"\r\n\r\n`;
    const body = Buffer.concat([Buffer.from(head), archive, Buffer.from(`\r\n--${boundary}--\r\n`)]);
    const response = await this.get(
      `${this.server.url}/api/v1/namespaces/workspace/applications/${app}/store`,
      {
        method: 'POST',
        headers: {
          authorization: ADMIN,
          'content-type': `multipart/form-data; boundary=${boundary}`,
          'content-length': String(body.length),
        },
        body,
      },
    );
    if (response.status !== 200) throw new Error(response.body);
    return (JSON.parse(response.body) as { blobuid: string }).blobuid;
  }

  async deploy(app: string, blobuid: string): Promise<AsyncDeployStatus> {
    const path = `namespaces/workspace/applications/${app}/deployments`;
    const request = { app: { name: app, namespace: 'workspace' }, blobuid, origin: {} };
    const { id } = await this.api<AsyncDeployStatus>(202, 'POST', path, request);
    return eventually(async () => {
      const status = await this.api<AsyncDeployStatus>(200, 'GET', `${path}/${id}`);
      if (status.status !== 'succeeded' && status.status !== 'failed')
        throw new Error(`still ${status.status}`);
      return status;
    }, 90_000);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server.close();
    await this.#host.stop();
    await this.#platform.close();
    await rm(this.folder, { recursive: true, force: true });
  }
}
