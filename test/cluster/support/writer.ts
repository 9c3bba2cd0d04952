import assert from 'node:assert/strict';
import type { ApiClient, Answer } from '../../../plugins/embedded-cluster/src/api/testing/test-api.ts';
import type { Random } from './random.ts';

export const MAPS = '/api/v1/namespaces/default/configmaps';
const RETRY_MS = 10;
const MAX_PADDING = 6_000;

/** One change as its writer knows it: what a watch has to show. */
export interface Change {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  /** Counts the writer's changes; in `data.count` of the object. */
  readonly count: number;
}

/** What all writers know of the server: the newest resourceVersion that any of them was told. */
export interface Shared {
  revision: number;
  acknowledged: number;
  stopped: boolean;
}

/** Changes one ConfigMap again and again, and after each cut finds out what became of the change that was under way. */
export class Writer {
  readonly name: string;
  /** All that are known to have happened, in order. */
  readonly changes: Change[] = [];
  readonly #client: ApiClient;
  readonly #random: Random;
  readonly #shared: Shared;
  #count = 0;

  constructor(name: string, client: ApiClient, random: Random, shared: Shared) {
    this.name = name;
    this.#client = client;
    this.#random = random;
    this.#shared = shared;
  }

  /** Until `shared.stopped`; fails when the server has not what it acknowledged. */
  async run(): Promise<void> {
    while (!this.#shared.stopped) {
      const change = this.#next();
      const before = this.#shared.revision;
      const answer = await this.#send(change).catch(() => undefined); // killed: it may have happened, or not
      if (answer === undefined) {
        await this.#settle(change);
        continue;
      }
      assert.ok(answer.status < 300, `${change.type} ${this.name}: ${answer.status} ${answer.text}`);
      this.changes.push(change);
      this.#shared.acknowledged += 1;
      if (change.type !== 'DELETED') this.#told(answer, before);
    }
  }

  #told({ body }: Answer, before: number): void {
    const revision = Number(body.metadata.resourceVersion);
    assert.ok(revision > before, `resourceVersion ${revision} came after ${before} was known`);
    this.#shared.revision = Math.max(this.#shared.revision, revision);
  }

  #next(): Change {
    const last = this.changes.at(-1);
    if (last === undefined || last.type === 'DELETED') return { type: 'ADDED', count: (this.#count += 1) };
    if (this.#random.next() < 0.15) return { type: 'DELETED', count: last.count };
    return { type: 'MODIFIED', count: (this.#count += 1) };
  }

  #send({ type, count }: Change): Promise<Answer> {
    const path = `${MAPS}/${this.name}`;
    if (type === 'DELETED') return this.#client.call('DELETE', path);
    const data = { count: String(count), again: `${'x'.repeat(this.#random.below(MAX_PADDING))}${count}` };
    const body = { metadata: { name: this.name }, data };
    if (type === 'ADDED') return this.#client.call('POST', MAPS, { body });
    if (this.#random.next() < 0.7) return this.#client.call('PUT', path, { body });
    return this.#client.call('PATCH', path, { body, contentType: 'application/merge-patch+json' });
  }

  /** Asks the next server: it has the last acknowledged change, or the one that was under way, and nothing else. */
  async #settle(change: Change): Promise<void> {
    for (;;) {
      const answer = await this.#client.call('GET', `${MAPS}/${this.name}`).catch(() => undefined);
      if (answer !== undefined) {
        const found = answer.status === 404 ? undefined : countOf(answer.body.data, answer.text);
        const last = this.changes.at(-1);
        const acknowledged = last === undefined || last.type === 'DELETED' ? undefined : last.count;
        if (found === (change.type === 'DELETED' ? undefined : change.count)) this.changes.push(change);
        else assert.equal(found, acknowledged, `${this.name} after a kill, with ${change.count} under way`);
        return;
      }
      if (this.#shared.stopped) throw new Error('stopped before the last change was settled');
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }
}

/** Fails when it is half of one version and half of another. */
export function countOf(data: unknown, text: string): number {
  const { count = '', again = '' } = data as { readonly count?: string; readonly again?: string };
  assert.equal(again.replace(/^x*/, ''), count, `half a write: ${text}`);
  return Number(count);
}
