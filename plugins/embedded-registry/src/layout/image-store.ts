import { mkdir, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ifThere } from '../disk.ts';
import { Paths, repositoryName } from './paths.ts';
import { Repository } from './repository.ts';

/** All repositories of a registry. One process at a time may write. */
export class ImageStore {
  readonly paths: Paths;
  readonly #repositories = new Map<string, Repository>();

  constructor(root: string) {
    this.paths = new Paths(root);
  }

  /** Makes the folders and removes what a crash left half-done. @returns how many things that were. */
  async open(): Promise<number> {
    const { repositories, blobs, incoming } = this.paths;
    for (const folder of [repositories, blobs, incoming])
      await mkdir(folder, { recursive: true, mode: 0o700 });
    const leftovers = await readdir(incoming);
    for (const name of leftovers) await rm(join(incoming, name), { recursive: true, force: true });
    return leftovers.length;
  }

  /** @returns undefined when nothing was ever pushed to it. */
  async find(name: string): Promise<Repository | undefined> {
    return (await ifThere(stat(this.paths.repository(name)))) === undefined
      ? undefined
      : this.repository(name);
  }

  /** For writing: it comes to be with its first blob. */
  repository(name: string): Repository {
    const found = this.#repositories.get(name) ?? new Repository(name, this.paths);
    this.#repositories.set(name, found);
    return found;
  }

  /** Sorted. */
  async names(): Promise<string[]> {
    return (await readdir(this.paths.repositories)).map(repositoryName).sort();
  }
}
