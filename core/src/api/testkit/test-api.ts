import { hash } from 'bcryptjs';
import { USER_LABEL } from '../../apps/caches.ts';
import { secretTexts } from '../../apps/secret-data.ts';
import type { Secret } from '../../kube/kinds.ts';
import { createInformers, type OwnedInformers } from '../../kube/informers.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Commands } from '../../ports/commands.ts';
import { systemClock } from '../../adapters/system-clock.ts';
import { eventually } from '../../testkit/eventually.ts';
import { FakeKube } from '../../testkit/fake-kube.ts';
import { FakeLog } from '../../testkit/fake-log.ts';
import type { AsyncDeployStatus } from '../../models/deployment.ts';
import type { GitImportOptions } from '../../sources/git/import-git.ts';
import { type Api, createApi } from '../create-api.ts';
import { MemoryBuilder } from './memory-builder.ts';
import { MemoryStorage } from './memory-storage.ts';
import { plainCerts, plainIngress, plainMesh, plainSecretSync, PlainRegistry } from './plain-contracts.ts';
import { SimulatedCluster } from './simulated-cluster.ts';

export const HOST = 'epinio.apps.test';
export const ADMIN = `Basic ${Buffer.from('admin:pass').toString('base64')}`;

export interface TestApiOptions {
  readonly kube?: FakeKube;
  readonly storage?: MemoryStorage;
  readonly builder?: MemoryBuilder;
  readonly clock?: Clock;
  readonly commands?: Commands;
  readonly git?: GitImportOptions;
  readonly identity?: string;
  readonly allowedOrigins?: readonly string[];
}

const noCommands: Commands = {
  run: () => Promise.reject(new Error('no command is expected in this test')),
  find: async () => undefined,
};

/** A whole platform in memory behind its API, with the user admin/pass and the namespace `workspace`. */
export class TestApi implements AsyncDisposable {
  readonly kube: FakeKube;
  readonly informers: OwnedInformers;
  readonly storage: MemoryStorage;
  readonly builder: MemoryBuilder;
  readonly registry = new PlainRegistry();
  readonly log = new FakeLog();
  readonly cluster: SimulatedCluster;
  readonly api: Api;

  private constructor(options: TestApiOptions) {
    const { clock = systemClock, commands = noCommands } = options;
    this.kube = options.kube ?? new FakeKube({ namespaces: ['epinio'] });
    this.storage = options.storage ?? new MemoryStorage();
    this.builder = options.builder ?? new MemoryBuilder();
    this.informers = createInformers(this.kube, { clock: systemClock, log: this.log });
    this.cluster = new SimulatedCluster(this.kube, this.informers);
    this.api = createApi({
      kube: this.kube,
      informers: this.informers,
      storage: this.storage,
      registry: this.registry,
      builder: this.builder,
      ingress: plainIngress,
      certs: plainCerts,
      secretSync: plainSecretSync,
      mesh: plainMesh,
      commands,
      settings: { domain: 'apps.test', namespace: 'epinio', tlsIssuer: 'test-ca' },
      clock,
      log: this.log,
      version: 'v0.1.0',
      cluster: { platform: async () => 'generic' },
      kubeVersion: async () => 'v1.35.0',
      identity: options.identity ?? 'test',
      ...(options.git === undefined ? {} : { git: options.git }),
      ...(options.allowedOrigins === undefined ? {} : { allowedOrigins: options.allowedOrigins }),
    });
  }

  static async open(options: TestApiOptions = {}): Promise<TestApi> {
    const test = new TestApi(options);
    await test.api.platform.caches.synced();
    if (options.kube === undefined) {
      await test.addUser('admin', 'pass', ['admin']);
      await test.api.platform.namespaces.create('workspace');
    }
    test.api.platform.deployments.start();
    return test;
  }

  /** With a bcrypt cost that is right for tests only. */
  async addUser(username: string, password: string, roles: readonly string[]): Promise<void> {
    const data = { username, password: await hash(password, 4) };
    await this.kube.create<Secret>({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: {
        generateName: 'user-',
        name: '',
        namespace: 'epinio',
        labels: { [USER_LABEL]: 'true' },
        annotations: { 'epinio.io/roles': roles.join(',') },
      },
      type: 'BasicAuth',
      stringData: data,
    });
    await eventually(() => {
      if (
        !this.api.platform.caches.users.list().some((secret) => secretTexts(secret)['username'] === username)
      ) {
        throw new Error('not seen yet');
      }
    });
  }

  /** A request as the administrator, unless the headers say otherwise. */
  async request(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Response> {
    const url = path.startsWith('/') ? path : `/api/v1/${path}`;
    const content =
      body === undefined || typeof body === 'string' || body instanceof FormData
        ? body
        : JSON.stringify(body);
    return this.api.app.request(
      url,
      {
        method,
        headers: { host: HOST, authorization: ADMIN, ...headers },
        ...(content === undefined ? {} : { body: content }),
      },
      {},
    );
  }

  /** The JSON of an answer that must have this status. */
  async json<T = unknown>(status: number, method: string, path: string, body?: unknown): Promise<T> {
    const response = await this.request(method, path, body);
    const text = await response.text();
    if (response.status !== status)
      throw new Error(`${method} ${path}: ${response.status} instead of ${status}: ${text}`);
    return JSON.parse(text) as T;
  }

  async upload(app: string, content: Uint8Array): Promise<string> {
    const form = new FormData();
    form.set('file', new Blob([content]), 'sources.tar');
    const path = `namespaces/workspace/applications/${app}/store`;
    const { blobuid } = await this.json<{ blobuid: string }>(200, 'POST', path, form);
    return blobuid;
  }

  /** Creates the application when it is not there, uploads sources and deploys them; waits for the end. */
  async push(
    app: string,
    content: Uint8Array = tarball('v1'),
    extra: object = {},
  ): Promise<AsyncDeployStatus> {
    const started = await this.startPush(app, content, extra);
    return this.deployed(app, started.id);
  }

  async startPush(
    app: string,
    content: Uint8Array = tarball('v1'),
    extra: object = {},
  ): Promise<AsyncDeployStatus> {
    const created = await this.request('POST', 'namespaces/workspace/applications', { name: app });
    if (created.status !== 201 && created.status !== 409) throw new Error(await created.text());
    const blobuid = await this.upload(app, content);
    return this.json(202, 'POST', `namespaces/workspace/applications/${app}/deployments`, {
      app: { name: app, namespace: 'workspace' },
      blobuid,
      origin: { Kind: 1, path: '/home/me/app' },
      ...extra,
    });
  }

  async deployed(app: string, id: string): Promise<AsyncDeployStatus> {
    return eventually(async () => {
      const path = `namespaces/workspace/applications/${app}/deployments/${id}`;
      const status = await this.json<AsyncDeployStatus>(200, 'GET', path);
      if (status.status !== 'succeeded' && status.status !== 'failed')
        throw new Error(`still ${status.status}`);
      return status;
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.api.platform.deployments.stop();
    await this.informers.close();
  }
}

/** A tar with one file. */
export function tarball(content: string): Buffer {
  const header = Buffer.alloc(512);
  header.write('app.js', 0);
  header.write('0000644\0', 100);
  header.write('0000000\0', 108);
  header.write('0000000\0', 116);
  header.write(`${content.length.toString(8).padStart(11, '0')}\0`, 124);
  header.write('00000000000\0', 136);
  header.write('        ', 148);
  header.write('0', 156);
  header.write('ustar\0', 257);
  header.write('00', 263);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  const body = Buffer.alloc(Math.ceil(content.length / 512) * 512);
  body.write(content);
  return Buffer.concat([header, body, Buffer.alloc(1024)]);
}
