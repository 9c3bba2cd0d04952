import type { ContainerStatus } from '@epinio/core';
import { until } from '../until.ts';
import type { Attention } from './attend-container.ts';

/** What probes and looks have found of a container that runs. */
export class ContainerHealth {
  readonly #changed: () => void;
  readonly #whenStarted = new Set<() => void>();
  #isStarted = false;
  #isReady = false;
  #portProblem: string | undefined;

  /** @param changed called with each change */
  constructor(changed: () => void) {
    this.#changed = changed;
  }

  /** It runs and has passed its startup probe. */
  get isStarted(): boolean {
    return this.#isStarted;
  }

  get isReady(): boolean {
    return this.#isReady;
  }

  /** What is wrong with its PORT, as a sentence without its subject. */
  get portProblem(): string | undefined {
    return this.#portProblem;
  }

  /** Takes it as it was, so that a restart of the platform takes no pod out of service. */
  resume(told: ContainerStatus | undefined): void {
    this.#isStarted = told?.started === true;
    this.#isReady = told?.ready === true;
  }

  /** It gets no traffic any more. */
  setUnready(): void {
    this.#isReady = false;
  }

  /** It has ended: of the next run nothing is known. */
  reset(): void {
    this.#isStarted = false;
    this.#isReady = false;
    this.#portProblem = undefined;
  }

  attention(onFatal: Attention['onFatal']): Attention {
    return {
      onFatal,
      onStarted: () => {
        this.#isStarted = true;
        for (const tell of this.#whenStarted) tell();
        this.#changed();
      },
      onReady: (isReady) => {
        this.#isReady = isReady;
        this.#changed();
      },
      onPortProblem: (problem) => {
        this.#portProblem = problem;
        this.#changed();
      },
    };
  }

  /** Resolves when it has started. Fails with the signal's reason. */
  async untilStarted(signal: AbortSignal): Promise<void> {
    if (this.#isStarted) return;
    let tell!: () => void;
    const started = new Promise<void>((resolve) => (tell = resolve));
    this.#whenStarted.add(tell);
    await until(started, signal).finally(() => this.#whenStarted.delete(tell));
  }
}
