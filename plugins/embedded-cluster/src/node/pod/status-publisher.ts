import { hasCode, messageOf, type Pod, type PodStatus } from '@epinio/core';
import type { NodeContext } from '../node-context.ts';
import { podKey } from './pod-handle.ts';

const RETRY_MS = 1000;
/** A pod that only begins to start is told of when that takes longer than most starts do. */
const STARTING_MS = 150;

/** Writes the status of one pod, one write at a time, always the newest. */
export class StatusPublisher {
  readonly #node: NodeContext;
  readonly #pod: () => Pod;
  readonly #status: () => PodStatus;
  readonly #signal: AbortSignal;
  #written = '';
  #running: Promise<void> | undefined;
  #isWriting = false;
  #isDirty = false;
  #timer: NodeJS.Timeout | undefined;

  /** @param signal ends it: nothing is written any more */
  constructor(node: NodeContext, pod: () => Pod, status: () => PodStatus, signal: AbortSignal) {
    this.#node = node;
    this.#pod = pod;
    this.#status = status;
    this.#signal = signal;
    signal.addEventListener('abort', () => clearTimeout(this.#timer), { once: true });
  }

  /** The status is another now. */
  changed(): void {
    if (this.#signal.aborted) return;
    this.#isDirty = true;
    if (isJustStarting(this.#status())) this.#timer ??= setTimeout(() => this.#run(), STARTING_MS);
    else this.#run();
  }

  /** Resolves when the newest status is written, or can not be. */
  async flush(): Promise<void> {
    if (this.#isDirty) this.#run();
    await this.#running;
  }

  #isEnded(): boolean {
    return this.#signal.aborted;
  }

  #run(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#isWriting) return;
    this.#isWriting = true;
    this.#running = this.#writeAll();
  }

  async #writeAll(): Promise<void> {
    try {
      while (this.#isDirty && !this.#isEnded()) await this.#write();
    } finally {
      // In the same turn as the last look at what is dirty: no change gets lost between the two.
      this.#isWriting = false;
    }
  }

  async #write(): Promise<void> {
    this.#isDirty = false;
    const status = this.#status();
    const text = JSON.stringify(status);
    if (text === this.#written) return;
    const { namespace = '', name, uid } = this.#pod().metadata;
    try {
      await this.#node.kube.patch(
        { apiVersion: 'v1', kind: 'Pod', namespace, name },
        // The uid makes sure that it is not another pod of the same name.
        { type: 'merge', patch: { metadata: { uid }, status: { ...REPLACED, ...status } } },
        { subresource: 'status', signal: this.#signal },
      );
      this.#written = text;
    } catch (error) {
      if (this.#isEnded()) return;
      if (
        hasCode(error, 'KUBE_NOT_FOUND') ||
        hasCode(error, 'KUBE_CONFLICT') ||
        hasCode(error, 'KUBE_INVALID')
      ) {
        this.#node.log.debug('Pod status was not taken', {
          pod: podKey(this.#pod()),
          reason: messageOf(error),
        });
        return;
      }
      this.#isDirty = true;
      await this.#node.clock.sleep(RETRY_MS, this.#signal).catch(() => undefined); // aborted: seen above
    }
  }
}

/** Fields that a status need not have: a merge patch leaves what it does not name. */
const REPLACED = { reason: null, message: null };

function isJustStarting({ phase, containerStatuses = [], initContainerStatuses = [] }: PodStatus): boolean {
  const all = [...containerStatuses, ...initContainerStatuses];
  const quiet = new Set(['ContainerCreating', 'PodInitializing']);
  return phase === 'Pending' && all.every(({ state }) => quiet.has(state?.waiting?.reason ?? ''));
}
