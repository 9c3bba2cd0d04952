import assert from 'node:assert/strict';
import { StatusError } from '../../status.ts';
import type { StoredObject } from '../../storage/stored-object.ts';
import { internalRequest } from '../internal-request.ts';
import type { Registry } from '../registry.ts';
import type { Resource } from '../resource.ts';
import { parseLabelSelector } from '../selectors.ts';
import type { Watcher } from '../watcher.ts';
import { ConfigMapModel, SELECTORS, type Scope } from './config-map-model.ts';

const NAMESPACES = ['default', 'kube-system'];
const NAMES = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];
const COLORS = [undefined, 'red', 'green', 'blue'];
const WRITES = ['create', 'update', 'patch', 'delete'] as const;
const STEPS = [...WRITES, ...WRITES, 'list', 'old list', 'pages', 'watch'] as const;

interface Watched {
  readonly watcher: Watcher;
  readonly scope: Scope;
  readonly from: number;
  /** The objects that it began with. */
  readonly initial: readonly string[];
  readonly seen: string[];
}

/** Does things with a registry and with a model of it, and fails where they do not agree. */
export class RandomOperations {
  readonly model: ConfigMapModel;
  readonly #registry: Registry;
  readonly #resource: Resource;
  readonly #request = internalRequest('test');
  readonly #below: (limit: number) => number;
  readonly #watches: Watched[] = [];

  /** @param below a random number from 0, below a limit */
  constructor(registry: Registry, below: (limit: number) => number) {
    this.#registry = registry;
    this.#resource = registry.catalog.findKind('v1', 'ConfigMap') as Resource;
    this.#below = below;
    this.model = new ConfigMapModel(registry.store.revision);
  }

  /** @returns what was done */
  async step(): Promise<string> {
    const step = this.#of(STEPS);
    if (step === 'list') this.#list();
    else if (step === 'old list') this.#oldList();
    else if (step === 'watch') this.#watch();
    else if (step === 'pages') await this.#pages();
    else await this.#write(step);
    return step;
  }

  /** What watches have shown by now is what the model says, in its order. */
  checkWatches(): void {
    for (const { watcher, scope, from, initial, seen } of this.#watches) {
      for (let shown = watcher.next(); shown !== undefined; shown = watcher.next())
        seen.push(`${shown.type} ${shown.stored.key} ${shown.stored.object.metadata.resourceVersion ?? ''}`);
      assert.deepEqual(seen, [...initial, ...this.model.eventsAfter(scope, from)]);
    }
  }

  async #write(verb: (typeof WRITES)[number]): Promise<void> {
    const [namespace, name] = [this.#of(NAMESPACES), this.#of(NAMES)];
    const known = this.model.get(`${namespace}/${name}`);
    const guard = known === undefined ? 'none' : this.#of(['none', 'right', 'stale'] as const);
    const resourceVersion = String(Number(known?.version) - (guard === 'stale' ? 1 : 0));
    const guarded = guard === 'none' || verb === 'create' ? {} : { resourceVersion };
    const next = { key: `${namespace}/${name}`, color: this.#of(COLORS), value: String(this.#below(3)) };
    const expected =
      verb === 'create'
        ? known === undefined
          ? 'done'
          : 'AlreadyExists'
        : known === undefined
          ? 'NotFound'
          : guard === 'stale'
            ? 'Conflict'
            : 'done';
    const { reason, version } = await this.#try(verb, namespace, name, guarded, next);
    assert.equal(reason, expected, `${verb} ${next.key} ${guard}`);
    if (reason !== 'done') return;
    if (verb === 'delete') {
      if (known !== undefined) this.model.delete(known, this.#registry.store.revision);
    } else if (known !== undefined && known.color === next.color && known.value === next.value) {
      assert.equal(version, known.version, 'what changes nothing is not written');
    } else this.model.put({ ...next, version });
  }

  async #try(
    verb: (typeof WRITES)[number],
    namespace: string,
    name: string,
    guarded: { readonly resourceVersion?: string },
    { color, value }: { readonly color: string | undefined; readonly value: string },
  ): Promise<{ readonly reason: string; readonly version: string }> {
    const [registry, resource, request] = [this.#registry, this.#resource, this.#request];
    const target = { resource, namespace, name };
    const labels = color === undefined ? {} : { color };
    const body = { metadata: { name, labels, ...guarded }, data: { value } };
    const patch = { ...body, metadata: { ...guarded, labels: { color: color ?? null } } };
    const doIt = async (): Promise<StoredObject> => {
      switch (verb) {
        case 'create':
          return registry.create(resource, namespace, body, request);
        case 'update':
          return (await registry.update(target, body, request)).stored;
        case 'patch':
          return (await registry.patch(target, this.#of(['merge', 'strategic']), patch, request)).stored;
        case 'delete':
          return (await registry.delete(resource, namespace, name, { preconditions: guarded }, request))
            .stored;
      }
    };
    try {
      return { reason: 'done', version: (await doIt()).object.metadata.resourceVersion ?? '' };
    } catch (error) {
      if (!(error instanceof StatusError)) throw error;
      return { reason: error.reason, version: '' };
    }
  }

  #list(): void {
    const scope = this.#scope();
    const { items, revision } = this.#registry.list(this.#resource, queryOf(scope));
    assert.deepEqual(items.map(shown), this.model.list(scope));
    assert.equal(revision, this.#registry.store.revision);
  }

  #oldList(): void {
    const scope = this.#scope();
    const revision = this.#of(this.model.revisions);
    const exact = { resourceVersion: String(revision), resourceVersionMatch: 'Exact' };
    const { items } = this.#registry.list(this.#resource, { ...queryOf(scope), ...exact });
    assert.deepEqual(items.map(shown), this.model.list(scope, revision));
  }

  /** Pages of one list are of one moment, whatever is written between them. */
  async #pages(): Promise<void> {
    const scope = this.#scope();
    const expected = this.model.list(scope);
    const query = { ...queryOf(scope), limit: 1 + this.#below(5) };
    const found: string[] = [];
    let page = this.#registry.list(this.#resource, query);
    const { revision } = page;
    for (;;) {
      assert.ok(page.items.length <= query.limit, `${page.items.length} are more than ${query.limit}`);
      assert.equal(page.revision, revision);
      found.push(...page.items.map(shown));
      if (page.continue === undefined) break;
      for (const verb of WRITES) await this.#write(verb);
      page = this.#registry.list(this.#resource, { ...query, continue: page.continue });
    }
    assert.deepEqual(found, expected);
  }

  /** Begins with what is there, or goes on from a moment that was. */
  #watch(): void {
    const scope = this.#scope();
    const fresh = this.#below(2) === 0;
    const from = fresh ? (this.model.revisions.at(-1) ?? 0) : this.#of(this.model.revisions);
    const initial = this.model.list(scope).map((line) => `ADDED ${line.replace(/ \d (\d+)$/, ' $1')}`);
    const query = { ...queryOf(scope), resourceVersion: fresh ? '0' : String(from) };
    const watcher = this.#registry.watch(this.#resource, query);
    this.#watches.push({ watcher, scope, from, initial: fresh ? initial : [], seen: [] });
  }

  #scope(): Scope {
    return {
      namespace: this.#of([undefined, ...NAMESPACES]),
      selector: this.#of([undefined, undefined, ...Object.keys(SELECTORS)]),
    };
  }

  #of<T>(list: readonly T[]): T {
    return list[this.#below(list.length)] as T;
  }
}

function queryOf({ namespace, selector = '' }: Scope) {
  const matches = parseLabelSelector(selector);
  return {
    ...(namespace === undefined ? {} : { namespace }),
    ...(matches === undefined ? {} : { matches }),
  };
}

/** An object as the model tells of it. */
export function shown({ key, object }: StoredObject): string {
  const { value = '' } = object['data'] as { readonly value?: string };
  return `${key} ${value} ${object.metadata.resourceVersion ?? ''}`;
}
