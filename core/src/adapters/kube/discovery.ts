import type { KubeObject } from '../../kernel/component.ts';
import { hasCode } from '../../kernel/errors.ts';
import { kubeError } from '../../kube/kube-error.ts';

/** Where the objects of one kind are found. */
export interface Resource {
  /** "/api/v1" or "/apis/<group>/<version>". */
  readonly root: string;
  /** Plural, as it stands in paths. */
  readonly name: string;
  readonly namespaced: boolean;
}

interface ResourceList {
  readonly resources: readonly {
    readonly name: string;
    readonly kind: string;
    readonly namespaced: boolean;
  }[];
}

type Kinds = ReadonlyMap<string, Resource>;

/**
 * Which kinds the server has, asked once per group and version. A kind that is not known is asked for again
 * each time, since its CustomResourceDefinition may have come; askers of one moment share the answer.
 */
export class Discovery {
  readonly #read: (path: string) => Promise<unknown>;
  readonly #known = new Map<string, Kinds>();
  readonly #asking = new Map<string, Promise<Kinds>>();

  constructor(read: (path: string) => Promise<unknown>) {
    this.#read = read;
  }

  /** @returns undefined when the server does not have the kind. */
  async find({ apiVersion, kind }: Pick<KubeObject, 'apiVersion' | 'kind'>): Promise<Resource | undefined> {
    return this.#known.get(apiVersion)?.get(kind) ?? (await this.#ask(apiVersion)).get(kind);
  }

  /** The server denied a path that was found before. */
  forget(apiVersion: string): void {
    this.#known.delete(apiVersion);
  }

  #ask(apiVersion: string): Promise<Kinds> {
    let asking = this.#asking.get(apiVersion);
    if (asking === undefined) {
      // Shared by several callers, so no single one's signal may end it; the request has its own deadline.
      asking = this.#load(apiVersion).finally(() => this.#asking.delete(apiVersion));
      this.#asking.set(apiVersion, asking);
    }
    return asking;
  }

  async #load(apiVersion: string): Promise<Kinds> {
    const root = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
    const kinds = new Map<string, Resource>();
    try {
      const { resources } = (await this.#read(root)) as Partial<ResourceList>;
      if (resources === undefined)
        throw kubeError({ code: 500, message: `"${root}" answered without a list of kinds` });
      for (const { name, kind, namespaced } of resources) {
        // "deployments/scale" has a kind of its own that has no objects.
        if (!name.includes('/')) kinds.set(kind, { root, name, namespaced });
      }
      this.#known.set(apiVersion, kinds);
    } catch (error) {
      if (!hasCode(error, 'KUBE_NOT_FOUND')) throw error;
      this.#known.delete(apiVersion);
    }
    return kinds;
  }
}
