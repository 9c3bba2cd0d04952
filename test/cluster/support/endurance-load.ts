import assert from 'node:assert/strict';
import { ApiClient } from '../../../plugins/embedded-cluster/src/api/testing/test-api.ts';
import { Random } from './random.ts';

const MAPS = '/api/v1/namespaces/default/configmaps';
const CLIENTS = 8;
const OBJECTS = 300;

/** Everything that clients do, at random and without end: what a server must bear without growing. */
export class EnduranceLoad implements Disposable {
  readonly #client: ApiClient;
  readonly #random: Random;
  #operations = 0;

  constructor(kubeconfigFile: string, seed: number) {
    this.#client = ApiClient.fromKubeconfig(kubeconfigFile);
    this.#random = new Random(seed);
  }

  get operations(): number {
    return this.#operations;
  }

  /** Until `isOver` says so. Fails when an answer is not what it should be. */
  async run(isOver: () => boolean): Promise<void> {
    const client = async (): Promise<void> => {
      while (!isOver()) {
        await this.#operation();
        this.#operations += 1;
      }
    };
    await Promise.all(Array.from({ length: CLIENTS }, client));
  }

  [Symbol.dispose](): void {
    this.#client[Symbol.dispose]();
  }

  async #operation(): Promise<void> {
    const name = `e${this.#random.below(OBJECTS)}`;
    const path = `${MAPS}/${name}`;
    const data = { text: 'x'.repeat(this.#random.below(2_000)) };
    const dice = this.#random.next();
    if (dice < 0.4) await this.#call([200, 404], 'PATCH', path, { data });
    else if (dice < 0.6) await this.#call([201, 409], 'POST', MAPS, { metadata: { name }, data });
    else if (dice < 0.7) await this.#call([200, 404], 'DELETE', path);
    else if (dice < 0.9) await this.#call([200, 404], 'GET', path);
    else if (dice < 0.95) await this.#call([200], 'GET', `${MAPS}?limit=100`);
    else await this.#watch();
  }

  async #call(expected: readonly number[], method: string, path: string, body?: object): Promise<void> {
    const contentType = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json';
    const call = body === undefined ? {} : { body, contentType };
    const { status, text } = await this.#client.call(method, path, call);
    assert.ok(expected.includes(status), `${method} ${path}: ${status} ${text.slice(0, 200)}`);
  }

  /** Begins with what is there, and goes before it has seen all. */
  async #watch(): Promise<void> {
    const watch = this.#client.watch(`${MAPS}?watch=1`);
    for (let seen = 0; seen < 5; seen += 1) {
      const next = (await watch.next()) as IteratorResult<{ type: string }>;
      if (next.done === true) throw new Error('a watch ended by itself');
    }
    await watch.return(undefined);
  }
}
