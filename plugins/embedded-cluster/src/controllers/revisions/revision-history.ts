import {
  hasCode,
  type Informer,
  type KubeObject,
  type LabelSelector,
  type PodTemplateSpec,
} from '@epinio/core';
import { isAtLeast, observed, refTo, type ControllerContext } from '../machinery/controller.ts';
import { claimOwned, controllerOf, controllerReference } from '../machinery/ownership.ts';
import {
  byRevision,
  isSameData,
  revisionData,
  revisionHash,
  type ControllerRevision,
} from './controller-revision.ts';

/** What has revisions. */
export interface Revised extends KubeObject {
  readonly spec: {
    readonly selector: LabelSelector;
    readonly template: PodTemplateSpec;
    readonly revisionHistoryLimit?: number;
  };
}

/** All revisions of an owner, oldest first, and the one of its present template, which is the newest. */
export interface History {
  readonly revisions: readonly ControllerRevision[];
  readonly update: ControllerRevision;
}

/** Keeps the revisions of StatefulSets or DaemonSets. */
export class RevisionHistory {
  readonly #context: ControllerContext;
  readonly #revisions: Informer<ControllerRevision>;
  readonly #hashLabel: string;

  /** @param hashLabel where a revision has its hash */
  constructor(context: ControllerContext, revisions: Informer<ControllerRevision>, hashLabel: string) {
    this.#context = context;
    this.#revisions = revisions;
    this.#hashLabel = hashLabel;
  }

  /** Makes the revision of the present template, or moves it to the front when an earlier one is used again. */
  async current(owner: Revised, signal: AbortSignal): Promise<History> {
    const { kube } = this.#context;
    const owned = await claimOwned(kube, owner, owner.spec.selector, this.#revisions);
    const revisions = owned.sort(byRevision);
    const data = revisionData(owner.spec.template);
    const newest = revisions.at(-1);
    const same = revisions.filter((revision) => isSameData(revision, data)).at(-1);
    if (same !== undefined && same === newest) return { revisions, update: same };
    const number = (newest?.revision ?? 0) + 1;
    if (same === undefined) {
      const made = await this.#create(owner, data, number, signal);
      return { revisions: [...revisions, made], update: made };
    }
    const { uid, resourceVersion } = same.metadata;
    const patch = { metadata: { uid, resourceVersion }, revision: number };
    const moved = await kube.patch<ControllerRevision>(refTo(same), { type: 'merge', patch });
    await this.#seen(moved, signal);
    return { revisions: [...revisions.filter((each) => each !== same), moved], update: moved };
  }

  /** Removes the oldest revisions that are more than the history is to hold, but none of `live`. */
  async truncate(
    owner: Revised,
    revisions: readonly ControllerRevision[],
    live: ReadonlySet<string>,
  ): Promise<void> {
    const idle = revisions.filter(({ metadata }) => !live.has(metadata.name));
    const surplus = idle.length - (owner.spec.revisionHistoryLimit ?? 10);
    for (const revision of idle.slice(0, Math.max(0, surplus)))
      await this.#context.kube.delete(refTo(revision));
  }

  async #create(
    owner: Revised,
    data: object,
    revision: number,
    signal: AbortSignal,
  ): Promise<ControllerRevision> {
    const { namespace = '', name, annotations } = owner.metadata;
    for (let collisions = 0; ; collisions++) {
      const hash = revisionHash(data, collisions);
      const wanted: ControllerRevision = {
        apiVersion: 'apps/v1',
        kind: 'ControllerRevision',
        metadata: {
          namespace,
          name: `${name}-${hash}`,
          labels: { ...owner.spec.template.metadata?.labels, [this.#hashLabel]: hash },
          ...(annotations === undefined ? {} : { annotations }),
          ownerReferences: [controllerReference(owner)],
        },
        ...{ data, revision },
      };
      try {
        const made = await this.#context.kube.create<ControllerRevision>(wanted);
        await this.#seen(made, signal);
        return made;
      } catch (error) {
        if (!hasCode(error, 'KUBE_ALREADY_EXISTS')) throw error;
        const present = await this.#context.kube.get<ControllerRevision>(refTo(wanted));
        // Made by an earlier look whose end nobody saw: the next look knows.
        if (present === undefined || controllerOf(present)?.uid === owner.metadata.uid) throw error;
      }
    }
  }

  async #seen(written: ControllerRevision, signal: AbortSignal): Promise<void> {
    const isSeen = (seen: ControllerRevision | undefined): boolean => isAtLeast(seen, written);
    await observed(this.#context, this.#revisions, refTo(written), isSeen, signal);
  }
}
