import type { ImageRepository, Log, Registry } from '@epinio/core';
import { builderContents } from './contents.ts';
import type { BuilderContents } from './contents.ts';
import { publishBuilderImage } from './publish.ts';

/** The image of this builder: made of what is on disk, kept in the platform's registry under a tag that says so. */
export class BuilderImage {
  readonly #repository: ImageRepository;
  readonly #registry: Registry;
  readonly #buildpacks: readonly string[];
  readonly #log: Log;
  #contents: BuilderContents | undefined;
  #published: Promise<void> | undefined;

  constructor(
    repository: ImageRepository,
    {
      registry,
      log,
      buildpacks,
    }: { readonly registry: Registry; readonly log: Log; readonly buildpacks: readonly string[] },
  ) {
    this.#repository = repository;
    this.#registry = registry;
    this.#buildpacks = buildpacks;
    this.#log = log;
  }

  /** As nodes pull it. */
  get reference(): string {
    return `${this.#repository.pull}:${this.#read().version}`;
  }

  /** True for an image of this repository, of whatever version: one that has our lifecycle in it. */
  fits(image: string): boolean {
    return image.startsWith(`${this.#repository.pull}:`) || image.startsWith(`${this.#repository.pull}@`);
  }

  /** Sees to it, once in this process, that the registry has the image. A failure is tried again by the next call. */
  publish(): Promise<void> {
    this.#published ??= this.#publish().catch((error: unknown) => {
      this.#published = undefined;
      throw error;
    });
    return this.#published;
  }

  async #publish(): Promise<void> {
    const contents = this.#read();
    const image = `${this.#repository.push}:${contents.version}`;
    const [auths, ca] = await Promise.all([this.#registry.credentials(), this.#registry.trustedCa()]);
    const isNew = await publishBuilderImage(image, contents, { auths, ca });
    this.#log.info(isNew ? 'builder image pushed' : 'builder image is there', { image });
  }

  #read(): BuilderContents {
    this.#contents ??= builderContents(this.#buildpacks);
    return this.#contents;
  }
}
