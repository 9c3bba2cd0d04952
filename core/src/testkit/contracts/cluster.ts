import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { request, type RequestOptions } from 'node:https';
import type { IncomingMessage } from 'node:http';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { describe, it } from 'node:test';
import { parse } from 'yaml';
import type { Cluster, ClusterConnection } from '../../contracts/cluster.ts';
import { isEpinioError } from '../../kernel/errors.ts';

/** A cluster that runs for one test. */
export interface OpenCluster extends AsyncDisposable {
  readonly cluster: Cluster;
  /** Takes the cluster down; absent for one that a test must not stop. */
  readonly stop?: () => Promise<void>;
}

/** Holds an implementation of the `cluster` contract to it, with nothing but HTTPS and the kubeconfig's credentials. */
export function testCluster(name: string, open: () => Promise<OpenCluster>): void {
  describe(`cluster contract: ${name}`, () => {
    it('says how to reach a Kubernetes API, and which platform it is', async () => {
      await using opened = await open();
      const connection = await opened.cluster.connection();
      assert.notEqual(connection.description, '');
      assert.match(await opened.cluster.platform(), /^[a-z0-9-]+$/);
      const api = new PlainClient(connection);
      const { status, body } = await api.call('GET', '/version');
      assert.equal(status, 200);
      assert.match(String((body as { gitVersion?: string }).gitVersion), /^v1\.\d+/);
    });

    it('keeps objects and tells of their changes', async () => {
      await using opened = await open();
      const api = new PlainClient(await opened.cluster.connection());
      const id = `kit-${randomBytes(4).toString('hex')}`;
      const path = '/api/v1/namespaces/default/configmaps';
      const watched = await api.open(
        'GET',
        `${path}?watch=1&fieldSelector=metadata.name%3D${id}&timeoutSeconds=30`,
      );
      const events = createInterface({ input: watched })[Symbol.asyncIterator]();
      const next = async (): Promise<{ type: string; object: { metadata: { name: string } } }> =>
        JSON.parse((await events.next()).value as string) as never;

      const created = await api.call('POST', path, {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { name: id },
        data: { a: '1' },
      });
      assert.equal(created.status, 201, JSON.stringify(created.body));
      const added = await next();
      assert.deepEqual([added.type, added.object.metadata.name], ['ADDED', id]);

      const got = await api.call('GET', `${path}/${id}`);
      assert.deepEqual((got.body as { data: unknown }).data, { a: '1' });
      assert.equal((await api.call('DELETE', `${path}/${id}`)).status, 200);
      assert.equal((await next()).type, 'DELETED');
      assert.equal((await api.call('GET', `${path}/${id}`)).status, 404);
      watched.destroy();
    });

    it('lets nobody in without credentials', async () => {
      await using opened = await open();
      const api = new PlainClient(await opened.cluster.connection(), 'anonymous');
      const { status } = await api.call('GET', '/api/v1/namespaces/default/secrets');
      assert.ok(status === 401 || status === 403, `answered ${status}`);
    });

    it('says that it does not run, and what to do', async (t) => {
      await using opened = await open();
      if (opened.stop === undefined) {
        t.skip('SKIPPED: this cluster cannot be stopped');
        return;
      }
      await opened.stop();
      await assert.rejects(opened.cluster.connection(), (error) => {
        assert.ok(isEpinioError(error), 'isEpinioError(error)');
        assert.ok(['CLUSTER_NOT_RUNNING', 'CLUSTER_UNREACHABLE'].includes(error.code), error.code);
        assert.notEqual(error.fix ?? '', '');
        return true;
      });
    });
  });
}

interface Kubeconfig {
  readonly 'current-context': string;
  readonly contexts: readonly {
    readonly name: string;
    readonly context: { readonly cluster: string; readonly user: string };
  }[];
  readonly clusters: readonly { readonly name: string; readonly cluster: Readonly<Record<string, string>> }[];
  readonly users: readonly { readonly name: string; readonly user: Readonly<Record<string, string>> }[];
}

/** As much of a Kubernetes client as any language has: HTTPS, a certificate or a token, JSON. */
class PlainClient {
  readonly #options: RequestOptions;

  constructor({ kubeconfig, context }: ClusterConnection, credentials: 'own' | 'anonymous' = 'own') {
    const config = parse(kubeconfig) as Kubeconfig;
    const wanted = context ?? config['current-context'];
    const chosen = config.contexts.find(({ name }) => name === wanted)?.context;
    assert.ok(chosen, `the kubeconfig has no context "${wanted}"`);
    const cluster = config.clusters.find(({ name }) => name === chosen.cluster)?.cluster ?? {};
    const user =
      credentials === 'own' ? (config.users.find(({ name }) => name === chosen.user)?.user ?? {}) : {};
    const { hostname, port } = new URL(cluster['server'] ?? '');
    const { token } = user;
    this.#options = {
      hostname,
      port,
      agent: false,
      headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
      ...pem('ca', cluster['certificate-authority-data']),
      ...pem('cert', user['client-certificate-data']),
      ...pem('key', user['client-key-data']),
    };
  }

  async call(
    method: string,
    path: string,
    body?: object,
  ): Promise<{ readonly status: number; readonly body: unknown }> {
    const response = await this.open(method, path, body);
    const answer = await text(response);
    return { status: response.statusCode ?? 0, body: JSON.parse(answer) as unknown };
  }

  open(method: string, path: string, body?: object): Promise<IncomingMessage> {
    const json = body === undefined ? undefined : JSON.stringify(body);
    const headers = {
      ...(this.#options.headers as object),
      ...(json === undefined ? {} : { 'content-type': 'application/json' }),
    };
    return new Promise((resolve, reject) => {
      const sent = request({ ...this.#options, method, path, headers }, resolve);
      sent.once('error', reject);
      sent.end(json);
    });
  }
}

function pem(name: 'ca' | 'cert' | 'key', base64: string | undefined): RequestOptions {
  return base64 === undefined ? {} : { [name]: Buffer.from(base64, 'base64') };
}
