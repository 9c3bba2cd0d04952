import type { Stats } from 'node:fs';
import { lstat, mkdir, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { diskError, invalid, unsafe } from './archive-error.ts';
import { linkTarget } from './confinement.ts';

const MAX_HOPS = 40;

export interface FoldersOptions {
  /** Names below a link: an error, or below what it points to, with the root as `/` (as images need it). */
  readonly links: 'refuse' | 'follow-inside';
  /** Called with each folder that was made. */
  readonly made: (path: string) => Promise<void>;
}

/** The folders below a root, made on demand, never outside of it. */
export class Folders {
  readonly #root: string;
  readonly #options: FoldersOptions;
  /** Folders known to be real: name -> path. */
  readonly #known = new Map<string, string>();

  constructor(root: string, options: FoldersOptions) {
    this.#root = root;
    this.#options = options;
    this.forget();
  }

  /** To be called when a folder has gone. */
  forget(): void {
    this.#known.clear();
    this.#known.set('', this.#root);
  }

  /** The real path of the folder that an entry's name leads through; made if it is not there. */
  async through(entry: string, components: readonly string[]): Promise<string> {
    const name = components.join('/');
    let path = this.#known.get(name);
    if (path === undefined) {
      path =
        this.#options.links === 'refuse'
          ? await this.#strict(entry, components)
          : await this.#inside(entry, components);
      this.#known.set(name, path);
    }
    return path;
  }

  /** The same for a folder that is an entry itself: in an image it takes the place of a link or a file. */
  async at(entry: string, components: readonly string[]): Promise<string> {
    if (this.#options.links === 'refuse' || components.length === 0) return this.through(entry, components);
    const path = join(await this.through(entry, components.slice(0, -1)), components.at(-1) ?? '');
    await this.#replaceByFolder(entry, path);
    this.#known.set(components.join('/'), path);
    return path;
  }

  async #strict(entry: string, components: readonly string[]): Promise<string> {
    const parent = await this.through(entry, components.slice(0, -1));
    const path = join(parent, components.at(-1) ?? '');
    const found = await this.#make(entry, path);
    if (found?.isSymbolicLink() === true) throw unsafe(entry, 'passes through a link that the archive made');
    if (found?.isDirectory() === false) throw invalid('is below a name that is a file', entry);
    return path;
  }

  /** Follows links as a process would whose root folder is ours. */
  async #inside(entry: string, components: readonly string[]): Promise<string> {
    const todo = [...components];
    let path = this.#root;
    let hops = 0;
    while (todo.length > 0) {
      const component = todo.shift() ?? '';
      if (component === '' || component === '.') continue;
      if (component === '..') {
        if (path !== this.#root) path = dirname(path);
        continue;
      }
      const next = join(path, component);
      const target = await linkTarget(next);
      if (target === undefined) {
        await this.#replaceByFolder(entry, next);
        path = next;
        continue;
      }
      hops += 1;
      if (hops > MAX_HOPS) throw invalid('is below a link that leads back to itself', entry);
      if (target.startsWith('/')) path = this.#root;
      todo.unshift(...target.split('/'));
    }
    return path;
  }

  async #replaceByFolder(entry: string, path: string): Promise<void> {
    const found = await this.#make(entry, path);
    if (found === undefined || found.isDirectory()) return;
    await unlink(path);
    this.forget();
    await this.#make(entry, path);
  }

  /** @returns what was there already; undefined when it was made. */
  async #make(entry: string, path: string): Promise<Stats | undefined> {
    try {
      await mkdir(path, { mode: 0o755 });
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST'))
        throw diskError(error, entry);
      return lstat(path);
    }
    await this.#options.made(path);
    return undefined;
  }
}
