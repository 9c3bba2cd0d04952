import { join } from 'node:path';
import { rmSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { hasCode, messageOf, type Container, type ContainerState, type ContainerStatus } from '@epinio/core';
import { rfc3339 } from '../../controllers/machinery/rfc3339.ts';
import type { UnpackedImage } from '../image/image-folder.ts';
import { ContainerLog } from '../logs/container-log.ts';
import { podKey, type PodHandle } from '../pod/pod-handle.ts';
import { ContainerRun } from '../supervisor/container-run.ts';
import { listAttempts, readAttempt, writeAttempt } from './attempt-record.ts';
import { attendContainer, pauseUnlessAborted, type Attention } from './attend-container.ts';
import { removeContainerFolders } from './container-folders.ts';
import { describeExit, type Terminated } from './describe-exit.ts';
import { runHook } from './lifecycle-hook.ts';
import { pullContainerImage } from './pull-container-image.ts';
import {
  readContainerSpec,
  resolveContainer,
  startContainer,
  type StartedContainer,
} from './start-container.ts';
import { stopContainer } from './stop-container.ts';

/** A postStart hook has no deadline of its own. */
const HOOK_MS = 600_000;

export interface ContainerWorkerOptions {
  readonly handle: PodHandle;
  readonly container: Container;
  readonly kind: 'init' | 'main';
  /** Whether a container that ended so is started again. */
  readonly restarts: (exitCode: number) => boolean;
}

/** One container of a pod, through all its runs. */
export class ContainerWorker {
  readonly container: Container;
  readonly kind: 'init' | 'main';
  readonly #handle: PodHandle;
  readonly #restarts: (exitCode: number) => boolean;
  #state: ContainerState;
  #lastState: ContainerState = {};
  /** Number of the newest run; -1 before the first. */
  #attempt = -1;
  #image: UnpackedImage | undefined;
  #started: StartedContainer | undefined;
  #log: ContainerLog | undefined;
  #isStarted = false;
  #isReady = false;
  #isStopping = false;
  #portProblem: string | undefined;
  #crashes = 0;

  constructor(options: ContainerWorkerOptions) {
    this.container = options.container;
    this.kind = options.kind;
    this.#handle = options.handle;
    this.#restarts = options.restarts;
    const pending = options.kind === 'main' && (options.handle.pod().spec.initContainers ?? []).length > 0;
    this.#state = { waiting: { reason: pending ? 'PodInitializing' : 'ContainerCreating' } };
  }

  get isReady(): boolean {
    return this.#isReady;
  }

  get isRunning(): boolean {
    return this.#state.running !== undefined;
  }

  /** What is wrong with its PORT, as a sentence without its subject. */
  get portProblem(): string | undefined {
    return this.#portProblem;
  }

  get terminated(): Terminated | undefined {
    return this.#state.terminated;
  }

  /** The image that it needs to stay on this machine. */
  get digest(): string | undefined {
    return this.#image?.digest ?? this.#started?.record.digest;
  }

  status(): ContainerStatus {
    const { name, image = '' } = this.container;
    const isDone = this.kind === 'init' && this.#state.terminated?.exitCode === 0;
    return {
      name,
      state: this.#state,
      lastState: this.#lastState,
      ready: this.kind === 'init' ? isDone : this.#isReady,
      restartCount: Math.max(0, this.#attempt),
      image,
      imageID: this.digest === undefined ? '' : `${image.replace(/(@.*|:[^:/]*)$/, '')}@${this.digest}`,
      started: this.kind === 'init' ? this.isRunning : this.#isStarted,
      ...(this.#attempt < 0 ? {} : { containerID: this.#containerID(this.#attempt) }),
    };
  }

  /** Takes up what an earlier life of the platform has left: a running container, or one that ended meanwhile. */
  adopt(): void {
    const { folder, node } = this.#handle;
    const attempts = listAttempts(folder.container(this.container.name));
    const previous = attempts.at(-2);
    if (previous !== undefined) this.#lastState = this.#recordedExit(previous);
    const attempt = attempts.at(-1);
    if (attempt === undefined) return;
    const attemptFolder = folder.attempt(this.container.name, attempt);
    const record = readAttempt(attemptFolder);
    const spec = readContainerSpec(attemptFolder);
    const run = record && ContainerRun.adopt(attemptFolder.run, record.boot === node.boot);
    if (record === undefined || spec === undefined || run === undefined) {
      rmSync(attemptFolder.root, { recursive: true, force: true }); // its start was cut off
      this.#attempt = attempt - 1;
      return;
    }
    this.#attempt = attempt;
    this.#started = { folder: attemptFolder, run, record, spec };
    this.#log = this.#openLog(attempt);
    if (run.exit !== undefined) {
      this.#log.end();
      this.#state = this.#recordedExit(attempt);
      return;
    }
    // Taken as it was, so that a restart of the platform takes no pod out of service.
    const told = this.#handle
      .pod()
      .status?.containerStatuses?.find(({ name }) => name === this.container.name);
    this.#isStarted = told?.started === true;
    this.#isReady = told?.ready === true;
  }

  /**
   * Runs the container until it has ended for good.
   * @returns how; undefined when the signal was aborted before there was anything to end.
   */
  async live(signal: AbortSignal): Promise<Terminated | undefined> {
    let ended = this.#started === undefined ? undefined : await this.#attend(this.#started, signal, false);
    while (!signal.aborted) {
      if (ended !== undefined && !this.#restarts(ended.exitCode)) {
        this.#state = { terminated: ended };
        return ended;
      }
      if (ended !== undefined) await this.#pauseAfter(ended, signal);
      try {
        const started = await this.#start(signal);
        ended = await this.#attend(started, signal, true);
      } catch (error) {
        if (isAborted(signal)) break;
        ended = this.#startFailed(error);
      }
    }
    return ended;
  }

  /** Ends the run that is under way, if any. Resolves when nothing of it is left. */
  async stop(graceMs: number, hurry: AbortSignal): Promise<void> {
    this.#isStopping = true;
    await this.#endRun(graceMs, hurry);
  }

  async #endRun(graceMs: number, hurry: AbortSignal): Promise<void> {
    this.#isReady = false;
    if (this.#started === undefined || this.#started.run.exit !== undefined) return;
    await stopContainer(this.#handle, this.container, this.#started, graceMs, hurry);
  }

  /** Notes why the node ends the container, so that its state says it. */
  note(reason: string, message: string): void {
    if (this.#started === undefined) return;
    const record = { ...this.#started.record, ended: { reason, message } };
    this.#started = { ...this.#started, record };
    writeAttempt(this.#started.folder, record);
  }

  /** The log of its newest run, or of the one before; undefined when there is none. */
  log(which: 'newest' | 'previous'): ContainerLog | undefined {
    if (which === 'newest') return this.#log;
    const previous = listAttempts(this.#handle.folder.container(this.container.name)).at(-2);
    return previous === undefined ? undefined : this.#openLog(previous, 'ended');
  }

  /** Removes the files of a container that will not run again; its logs stay. */
  async tidy(): Promise<void> {
    const { folder } = this.#handle;
    for (const attempt of listAttempts(folder.container(this.container.name))) {
      await removeContainerFolders(folder.attempt(this.container.name, attempt));
    }
  }

  /** Stops looking at the container, which goes on. */
  release(): void {
    this.#started?.run.release();
    this.#log?.close();
  }

  async #start(signal: AbortSignal): Promise<StartedContainer> {
    const { node, folder } = this.#handle;
    const waiting = (reason: string, message?: string): void => this.#wait(reason, message);
    const image = await pullContainerImage(this.#handle, this.container, waiting, signal);
    this.#image = image;
    const attempt = this.#attempt + 1;
    const attemptFolder = folder.attempt(this.container.name, attempt);
    const port = this.kind === 'main' ? await this.#handle.assignPort(this.container) : undefined;
    const published = this.#handle.publishPorts(signal);
    published.catch(() => undefined); // it is awaited below, unless something else goes wrong before
    const resolved = await this.#resolve(image, attempt, port, signal);
    await this.#forgetBefore(attempt - 1);
    await published;
    signal.throwIfAborted();
    this.#attempt = attempt;
    const started = await startContainer(this.#handle, this.container, image, attemptFolder, resolved);
    this.#handle.event('Normal', 'Created', `Container created`, this.container);
    this.#handle.event('Normal', 'Started', `Container started`, this.container);
    this.#log = this.#openLog(attempt);
    node.log.debug('Container started', {
      pod: podKey(this.#handle.pod()),
      container: this.container.name,
      attempt,
    });
    return started;
  }

  /** Tries until everything that the specification refers to is there. */
  async #resolve(
    image: UnpackedImage,
    attempt: number,
    port: number | undefined,
    signal: AbortSignal,
  ): ReturnType<typeof resolveContainer> {
    const { folder, node } = this.#handle;
    for (;;) {
      try {
        return await resolveContainer(
          this.#handle,
          this.container,
          image,
          folder.attempt(this.container.name, attempt),
          port,
        );
      } catch (error) {
        signal.throwIfAborted();
        if (!hasCode(error, 'CONFIG_ERROR')) throw error;
        this.#handle.event('Warning', 'Failed', `Error: ${messageOf(error)}`, this.container);
        this.#wait('CreateContainerConfigError', messageOf(error));
        await this.#handle.waitForChange(node.timings.retryMs, signal);
      }
    }
  }

  /** Follows a run to its end. */
  async #attend(started: StartedContainer, signal: AbortSignal, isFresh: boolean): Promise<Terminated> {
    const { node } = this.#handle;
    this.#started = started;
    this.#portProblem = undefined;
    // It was to be stopped while it was being started.
    if (this.#isStopping) void started.run.kill();
    const over = new AbortController();
    if (started.run.exit === undefined) {
      this.#state = { running: { startedAt: rfc3339(started.run.startedAt) } };
      this.#log?.follow();
      this.#handle.changed();
      void started.run.exited.then(() => over.abort(new Error('the container has ended')));
      if (this.kind === 'main') void this.#watch(started, AbortSignal.any([over.signal, signal]), isFresh);
    }
    const exit = await started.run.exited;
    over.abort(new Error('the container has ended'));
    this.#log?.end();
    this.#isStarted = false;
    this.#isReady = false;
    const { cgroup } = started.record;
    const outOfMemory = cgroup !== undefined && node.memory.wasExceeded(cgroup);
    if (cgroup !== undefined) void node.memory.removeGroup(cgroup);
    // `note` may have said why meanwhile.
    const { record } = this.#started;
    const ended = describeExit(this.container, started.folder, {
      ...{ exit, record, startedAt: started.run.startedAt },
      // The group goes with its processes: after a restart of the platform only the record tells.
      outOfMemory: outOfMemory && record.ended === undefined,
      containerID: this.#containerID(this.#attempt),
    });
    if (outOfMemory && record.ended === undefined) this.note('OOMKilled', '');
    this.#state = { terminated: ended };
    this.#handle.changed();
    return ended;
  }

  async #watch(started: StartedContainer, signal: AbortSignal, isFresh: boolean): Promise<void> {
    if (isFresh) {
      const { ok } = await runHook(this.#handle, this.container, started, 'postStart', HOOK_MS, signal);
      if (!ok) this.#end('PostStartHookError', 'PostStartHook failed', 'now', signal);
      if (!ok || signal.aborted) return;
    }
    const attention: Attention = {
      onStarted: () => {
        this.#isStarted = true;
        this.#handle.changed();
      },
      onReady: (isReady) => {
        this.#isReady = isReady;
        this.#handle.changed();
      },
      onPortProblem: (problem) => {
        this.#portProblem = problem;
        this.#handle.changed();
      },
      onFatal: (reason, message, how) => this.#end(reason, message, how, signal),
    };
    const port = this.#handle.portOf(this.container);
    attendContainer(
      this.#handle,
      this.container,
      started,
      { port, isStarted: this.#isStarted },
      attention,
      signal,
    );
  }

  #end(reason: string, message: string, how: 'gracefully' | 'now', signal: AbortSignal): void {
    this.note(reason, message);
    const graceMs = how === 'now' ? 0 : (this.#handle.pod().spec.terminationGracePeriodSeconds ?? 30) * 1000;
    this.#endRun(graceMs, signal).catch((error: unknown) => {
      const fields = { container: this.container.name, error: messageOf(error) };
      this.#handle.node.log.error('Container could not be ended', fields);
    });
  }

  /** The kubelet's pauses: none before the first restart, then doubling ones, until it ran for long enough. */
  async #pauseAfter(ended: Terminated, signal: AbortSignal): Promise<void> {
    const { clock, timings } = this.#handle.node;
    const ranMs = Date.parse(ended.finishedAt ?? '') - Date.parse(ended.startedAt ?? '');
    if (ranMs >= timings.crashResetMs) this.#crashes = 0;
    const crashes = this.#crashes++;
    this.#lastState = { terminated: ended };
    if (crashes === 0) return;
    const pauseMs = Math.min(timings.crashBackoffMs * 2 ** (crashes - 1), timings.crashBackoffMaxMs);
    const { name } = this.container;
    const { metadata } = this.#handle.pod();
    const where = `container ${name} in pod ${metadata.name}_${metadata.namespace ?? ''}(${metadata.uid ?? ''})`;
    this.#handle.event('Warning', 'BackOff', `Back-off restarting failed ${where}`, this.container);
    this.#wait('CrashLoopBackOff', `back-off ${pauseMs / 1000}s restarting failed ${where}`);
    await pauseUnlessAborted(clock, pauseMs, signal);
  }

  /** A start that did not come as far as a process counts as a run that failed. */
  #startFailed(error: unknown): Terminated {
    const { clock, node } = { clock: this.#handle.node.clock, node: this.#handle.node };
    const message = messageOf(error);
    node.log.warn('Container could not be started', { container: this.container.name, reason: message });
    this.#handle.event('Warning', 'Failed', `Error: ${message}`, this.container);
    this.#wait('RunContainerError', message);
    const now = rfc3339(clock.now());
    this.#attempt = Math.max(this.#attempt, 0);
    return {
      ...{ exitCode: 128, reason: 'StartError', message, startedAt: now, finishedAt: now },
      containerID: this.#containerID(this.#attempt),
    };
  }

  #recordedExit(attempt: number): ContainerState {
    const folder = this.#handle.folder.attempt(this.container.name, attempt);
    const record = readAttempt(folder);
    const run = record && ContainerRun.adopt(folder.run, false);
    if (record === undefined || run?.exit === undefined) return {};
    const containerID = this.#containerID(attempt);
    const facts = { exit: run.exit, startedAt: run.startedAt, record, outOfMemory: false, containerID };
    return { terminated: describeExit(this.container, folder, facts) };
  }

  /** Keeps the run before the next, with its log and nothing else, and none that are older. */
  async #forgetBefore(previous: number): Promise<void> {
    const { folder } = this.#handle;
    for (const attempt of listAttempts(folder.container(this.container.name))) {
      const attemptFolder = folder.attempt(this.container.name, attempt);
      if (attempt === previous) await removeContainerFolders(attemptFolder);
      else if (attempt < previous) await rm(attemptFolder.root, { recursive: true, force: true });
    }
  }

  #wait(reason: string, message?: string): void {
    this.#state = { waiting: { reason, ...(message === undefined ? {} : { message }) } };
    this.#handle.changed();
  }

  #openLog(attempt: number, state: 'open' | 'ended' = 'open'): ContainerLog {
    const { node, folder } = this.#handle;
    const log = new ContainerLog({
      file: folder.attempt(this.container.name, attempt).log,
      maxBytes: node.config.logMaxBytes,
      keep: Math.max(1, node.config.logFiles - 1),
      log: node.log,
    });
    if (state === 'ended') log.end();
    return log;
  }

  #containerID(attempt: number): string {
    return `epinio://${join(this.#handle.pod().metadata.uid ?? '', this.container.name, String(attempt))}`;
  }
}

/** As a function, so that the compiler does not take the answer for lasting. */
function isAborted(signal: AbortSignal): boolean {
  return signal.aborted;
}
