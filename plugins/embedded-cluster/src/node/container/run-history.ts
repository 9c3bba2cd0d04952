import { rmSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Container, ContainerState } from '@epinio/core';
import type { AttemptFolder } from '../layout.ts';
import { ContainerLog } from '../logs/container-log.ts';
import type { PodHandle } from '../pod/pod-handle.ts';
import { ContainerRun } from '../supervisor/container-run.ts';
import { listAttempts, readAttempt } from './attempt-record.ts';
import { removeContainerFolders } from './container-folders.ts';
import { describeExit } from './describe-exit.ts';
import { readContainerSpec, type StartedContainer } from './start-container.ts';

/** What is kept on the disk of the runs of one container: 0 is the first, then one for each restart. */
export class RunHistory {
  readonly #handle: PodHandle;
  readonly #container: Container;

  constructor(handle: PodHandle, container: Container) {
    this.#handle = handle;
    this.#container = container;
  }

  /** Numbers of those that are kept, oldest first. */
  get attempts(): readonly number[] {
    return listAttempts(this.#handle.folder.container(this.#container.name));
  }

  folder(attempt: number): AttemptFolder {
    return this.#handle.folder.attempt(this.#container.name, attempt);
  }

  /** For people and tools: unique on this node. */
  containerID(attempt: number): string {
    return `epinio://${join(this.#handle.pod().metadata.uid ?? '', this.#container.name, String(attempt))}`;
  }

  /** What an earlier life of the platform has left: the newest run, and how the one before it ended. */
  resume(): {
    /** -1 when there was none. */
    readonly attempt: number;
    readonly lastState: ContainerState;
    /** Undefined when its start was cut off. */
    readonly started?: StartedContainer;
  } {
    const { attempts } = this;
    const previous = attempts.at(-2);
    const lastState = previous === undefined ? {} : this.exitOf(previous);
    const attempt = attempts.at(-1);
    if (attempt === undefined) return { attempt: -1, lastState };
    const folder = this.folder(attempt);
    const record = readAttempt(folder);
    const spec = readContainerSpec(folder);
    const run = record && ContainerRun.adopt(folder.run, record.boot === this.#handle.node.boot);
    if (record === undefined || spec === undefined || run === undefined) {
      rmSync(folder.root, { recursive: true, force: true });
      return { attempt: attempt - 1, lastState };
    }
    return { attempt, lastState, started: { folder, run, record, spec } };
  }

  /** How a run ended; empty when it did not, or never began. */
  exitOf(attempt: number): ContainerState {
    const folder = this.folder(attempt);
    const record = readAttempt(folder);
    const run = record && ContainerRun.adopt(folder.run, false);
    if (record === undefined || run?.exit === undefined) return {};
    const { exit, startedAt } = run;
    const containerID = this.containerID(attempt);
    const facts = { exit, startedAt, record, outOfMemory: false, containerID };
    return { terminated: describeExit(this.#container, folder, facts) };
  }

  /** The log of a run; the caller ends or closes it. */
  openLog(attempt: number): ContainerLog {
    const { config, log } = this.#handle.node;
    return new ContainerLog({
      file: this.folder(attempt).log,
      maxBytes: config.logMaxBytes,
      keep: Math.max(1, config.logFiles - 1),
      log,
    });
  }

  /** Keeps the run before the next, with its log and nothing else, and none that are older. */
  async forgetBefore(previous: number): Promise<void> {
    for (const attempt of this.attempts) {
      if (attempt === previous) await removeContainerFolders(this.folder(attempt));
      else if (attempt < previous) await rm(this.folder(attempt).root, { recursive: true, force: true });
    }
  }

  /** Removes all files but logs and exits. */
  async tidy(): Promise<void> {
    for (const attempt of this.attempts) await removeContainerFolders(this.folder(attempt));
  }
}
