/** What the model knows of one object. */
export interface Known {
  /** "namespace/name" */
  readonly key: string;
  /** Value of the label `color`. */
  readonly color: string | undefined;
  readonly value: string;
  readonly version: string;
}

/** What a list or a watch asks for. */
export interface Scope {
  readonly namespace: string | undefined;
  readonly selector: string | undefined;
}

interface Change {
  readonly old: Known | undefined;
  readonly next: Known | undefined;
  readonly revision: number;
}

/** Selectors, and what each means, said a second time. */
export const SELECTORS: Readonly<Record<string, (color: string | undefined) => boolean>> = {
  'color=red': (color) => color === 'red',
  'color!=red': (color) => color !== 'red',
  color: (color) => color !== undefined,
  '!color': (color) => color === undefined,
  'color in (red,blue)': (color) => color === 'red' || color === 'blue',
  'color,color notin (red)': (color) => color === 'blue' || color === 'green',
};

/** ConfigMaps as a map and a list of changes: what the registry has to agree with. */
export class ConfigMapModel {
  readonly #objects = new Map<string, Known>();
  readonly #changes: Change[] = [];
  /** The objects after each change, by its revision. */
  readonly #states = new Map<number, readonly Known[]>();

  constructor(revision: number) {
    this.#states.set(revision, []);
  }

  get(key: string): Known | undefined {
    return this.#objects.get(key);
  }

  /** Revisions at which something changed, the first being the one before all changes. */
  get revisions(): readonly number[] {
    return [...this.#states.keys()];
  }

  put(next: Known): void {
    this.#change({ old: this.#objects.get(next.key), next, revision: Number(next.version) });
    this.#objects.set(next.key, next);
    this.#states.set(Number(next.version), [...this.#objects.values()]);
  }

  delete(old: Known, revision: number): void {
    this.#change({ old, next: undefined, revision });
    this.#objects.delete(old.key);
    this.#states.set(revision, [...this.#objects.values()]);
  }

  #change(change: Change): void {
    const newest = this.revisions.at(-1) ?? 0;
    if (!(change.revision > newest)) throw new Error(`revision ${change.revision} is not after ${newest}`);
    this.#changes.push(change);
  }

  /** What a list shows, in its order; of the present, or of an older revision. */
  list(scope: Scope, revision = this.revisions.at(-1) ?? 0): readonly string[] {
    return (this.#states.get(revision) ?? [])
      .filter((known) => isIn(scope, known))
      .sort((a, b) => (a.key < b.key ? -1 : 1))
      .map(({ key, value, version }) => `${key} ${value} ${version}`);
  }

  /** What a watch shows of the changes after a revision. */
  eventsAfter(scope: Scope, revision: number): readonly string[] {
    return this.#changes.flatMap((change) => {
      const was = change.old !== undefined && isIn(scope, change.old);
      const is = change.next !== undefined && isIn(scope, change.next);
      if (change.revision <= revision || (!was && !is)) return [];
      const type = is ? (was ? 'MODIFIED' : 'ADDED') : 'DELETED';
      return [`${type} ${(change.next ?? change.old)?.key ?? ''} ${change.revision}`];
    });
  }
}

function isIn({ namespace, selector }: Scope, { key, color }: Known): boolean {
  if (namespace !== undefined && !key.startsWith(`${namespace}/`)) return false;
  return selector === undefined || SELECTORS[selector]?.(color) === true;
}
