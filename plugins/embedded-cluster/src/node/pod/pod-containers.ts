import type { Container, PodSpec } from '@epinio/core';
import { ContainerWorker } from '../container/container-worker.ts';
import type { PodHandle } from './pod-handle.ts';
import type { PodFacts } from './pod-status.ts';

export interface RunContainers {
  /** Aborted when nothing is to be started any more. */
  readonly signal: AbortSignal;
  /** Aborted when this process looks at the pod no longer: then nothing is ended either. */
  readonly released: AbortSignal;
  /** Aborted when what still runs is to be killed. */
  readonly hurry: AbortSignal;
  /** For sidecars, once the others have ended. */
  readonly graceMs: () => number;
}

/** The containers of a pod, and the order in which they begin and end. */
export class PodContainers {
  readonly #handle: PodHandle;
  readonly #init: readonly ContainerWorker[];
  readonly #main: readonly ContainerWorker[];

  constructor(handle: PodHandle, { containers, initContainers = [], restartPolicy = 'Always' }: PodSpec) {
    this.#handle = handle;
    const worker = (container: Container, kind: ContainerWorker['kind']): ContainerWorker => {
      const goesOn = kind === 'sidecar' || (kind === 'main' && restartPolicy === 'Always');
      const restarts = (exitCode: number): boolean => goesOn || (exitCode !== 0 && restartPolicy !== 'Never');
      return new ContainerWorker({ handle, container, kind, restarts });
    };
    this.#init = initContainers.map((each) =>
      worker(each, each.restartPolicy === 'Always' ? 'sidecar' : 'init'),
    );
    this.#main = containers.map((each) => worker(each, 'main'));
  }

  get all(): readonly ContainerWorker[] {
    return [...this.#main, ...this.#init];
  }

  /** Whether a container runs that traffic may go to. */
  get isRunning(): boolean {
    return this.#main.some((container) => container.isRunning);
  }

  find(name: string): ContainerWorker | undefined {
    return this.all.find(({ container }) => container.name === name);
  }

  /** "spec.containers{main}", as events name a container. */
  fieldPath(container: Container): string {
    const list = this.#init.some((each) => each.container === container) ? 'initContainers' : 'containers';
    return `spec.${list}{${container.name}}`;
  }

  facts(): Pick<PodFacts, 'init' | 'sidecars' | 'main' | 'portProblems'> {
    const problems = this.all.flatMap(({ container, portProblem }) =>
      portProblem === undefined ? [] : [[container.name, portProblem] as const],
    );
    return {
      init: this.#init.map((container) => container.status()),
      sidecars: new Set(this.#sidecars.map(({ container }) => container.name)),
      main: this.#main.map((container) => container.status()),
      portProblems: new Map(problems),
    };
  }

  /** Takes up what an earlier life of the platform has left. */
  adopt(): void {
    for (const container of this.all) container.adopt();
  }

  /**
   * Runs them until all have ended for good: init containers one after the other, then the main ones, then the
   * end of the sidecars.
   */
  async run({ signal, released, hurry, graceMs }: RunContainers): Promise<void> {
    const sidecars: Promise<unknown>[] = [];
    if (await this.#initialise(sidecars, signal)) {
      await Promise.all(this.#main.map((container) => container.live(signal)));
    }
    if (released.aborted) return;
    await this.#stopSidecars(graceMs(), hurry);
    await Promise.all(sidecars);
  }

  /** Ends them, sidecars last. Resolves when nothing of them is left. */
  async stop(graceMs: number, hurry: AbortSignal): Promise<void> {
    const { clock } = this.#handle.node;
    const deadline = clock.elapsed() + graceMs;
    const others = this.all.filter(({ kind }) => kind !== 'sidecar');
    await Promise.all(others.map((container) => container.stop(graceMs, hurry)));
    await this.#stopSidecars(deadline - clock.elapsed(), hurry);
  }

  /** Removes the files of containers that will not run again; their logs stay. */
  async tidy(): Promise<void> {
    for (const container of this.all) await container.tidy();
  }

  /** Stops looking at them; they go on. */
  release(): void {
    for (const container of this.all) container.release();
  }

  get #sidecars(): readonly ContainerWorker[] {
    return this.#init.filter(({ kind }) => kind === 'sidecar');
  }

  /** @returns false when an init container has failed for good, or is not to be run any more */
  async #initialise(sidecars: Promise<unknown>[], signal: AbortSignal): Promise<boolean> {
    for (const container of this.#init) {
      if (container.kind === 'sidecar') {
        sidecars.push(container.live(signal));
        await container.untilStarted(signal);
        continue;
      }
      const ended = await container.live(signal);
      if (ended?.exitCode !== 0) return false;
    }
    return true;
  }

  /** In the reverse of the order in which they were started. */
  async #stopSidecars(graceMs: number, hurry: AbortSignal): Promise<void> {
    const { clock } = this.#handle.node;
    const deadline = clock.elapsed() + graceMs;
    for (const container of [...this.#sidecars].reverse()) {
      await container.stop(Math.max(0, deadline - clock.elapsed()), hurry);
    }
  }
}
