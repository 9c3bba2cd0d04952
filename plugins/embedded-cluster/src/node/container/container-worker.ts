import { messageOf, type Container, type ContainerState, type ContainerStatus } from '@epinio/core';
import { rfc3339 } from '../../controllers/machinery/rfc3339.ts';
import type { UnpackedImage } from '../image/image-folder.ts';
import type { ContainerLog } from '../logs/container-log.ts';
import type { PodHandle } from '../pod/pod-handle.ts';
import { writeAttempt } from './attempt-record.ts';
import { attendContainer, pauseUnlessAborted } from './attend-container.ts';
import { beginRun, type BeginRun } from './begin-run.ts';
import { ContainerHealth } from './container-health.ts';
import { CrashBackoff } from './crash-backoff.ts';
import { describeExit, type Terminated } from './describe-exit.ts';
import { runHook } from './lifecycle-hook.ts';
import { RunHistory } from './run-history.ts';
import type { StartedContainer } from './start-container.ts';
import { stopContainer } from './stop-container.ts';

/** A postStart hook has no deadline of its own. */
const HOOK_MS = 600_000;

export interface ContainerWorkerOptions {
  readonly handle: PodHandle;
  readonly container: Container;
  /** A sidecar is an init container that goes on: the next one begins once it has started. */
  readonly kind: 'init' | 'sidecar' | 'main';
  /** Whether a container that ended so is started again. */
  readonly restarts: (exitCode: number) => boolean;
}

/** One container of a pod, through all its runs. */
export class ContainerWorker {
  readonly container: Container;
  readonly kind: ContainerWorkerOptions['kind'];
  readonly #handle: PodHandle;
  readonly #restarts: (exitCode: number) => boolean;
  readonly #history: RunHistory;
  readonly #backoff: CrashBackoff;
  readonly #health: ContainerHealth;
  #state: ContainerState;
  #lastState: ContainerState = {};
  /** Number of the newest run; -1 before the first. */
  #attempt = -1;
  #image: UnpackedImage | undefined;
  #started: StartedContainer | undefined;
  #log: ContainerLog | undefined;
  #stopping: Promise<void> | undefined;

  constructor(options: ContainerWorkerOptions) {
    this.container = options.container;
    this.kind = options.kind;
    this.#handle = options.handle;
    this.#restarts = options.restarts;
    this.#history = new RunHistory(options.handle, options.container);
    this.#backoff = new CrashBackoff(options.handle.node.timings);
    this.#health = new ContainerHealth(() => options.handle.changed());
    const pending = options.kind === 'main' && (options.handle.pod().spec.initContainers ?? []).length > 0;
    this.#state = { waiting: { reason: pending ? 'PodInitializing' : 'ContainerCreating' } };
  }

  /** What runs of it now. */
  get running(): StartedContainer | undefined {
    return this.#started?.run.exit === undefined ? this.#started : undefined;
  }

  /** Of its pod. */
  get handle(): PodHandle {
    return this.#handle;
  }

  get isRunning(): boolean {
    return this.#state.running !== undefined;
  }

  /** What is wrong with its PORT, as a sentence without its subject. */
  get portProblem(): string | undefined {
    return this.#health.portProblem;
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
      ready: this.kind === 'init' ? isDone : this.#health.isReady,
      restartCount: Math.max(0, this.#attempt),
      image,
      imageID: this.digest === undefined ? '' : `${image.replace(/(@.*|:[^:/]*)$/, '')}@${this.digest}`,
      started: this.kind === 'init' ? this.isRunning : this.#health.isStarted,
      ...(this.#attempt < 0 ? {} : { containerID: this.#history.containerID(this.#attempt) }),
    };
  }

  /** Takes up what an earlier life of the platform has left: a running container, or one that ended meanwhile. */
  adopt(): void {
    const { attempt, lastState, started } = this.#history.resume();
    this.#attempt = attempt;
    this.#lastState = lastState;
    if (started === undefined) return;
    this.#started = started;
    this.#log = this.#history.openLog(attempt);
    if (started.run.exit !== undefined) {
      this.#log.end();
      this.#state = this.#history.exitOf(attempt);
      return;
    }
    const { containerStatuses = [], initContainerStatuses = [] } = this.#handle.pod().status ?? {};
    const all = [...containerStatuses, ...initContainerStatuses];
    this.#health.resume(all.find(({ name }) => name === this.container.name));
  }

  /**
   * Runs the container until it has ended for good.
   * @returns how; undefined when the signal was aborted before there was anything to end.
   */
  async live(signal: AbortSignal): Promise<Terminated | undefined> {
    let ended = this.#started === undefined ? undefined : await this.#attend(this.#started, signal, false);
    while (!signal.aborted && this.#stopping === undefined) {
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

  /** Resolves when it runs and has passed its startup probe. Fails with the signal's reason. */
  untilStarted(signal: AbortSignal): Promise<void> {
    return this.#health.untilStarted(signal);
  }

  /** Ends the run that is under way, if any. Resolves when nothing of it is left. */
  async stop(graceMs: number, hurry: AbortSignal): Promise<void> {
    this.#stopping ??= this.#endRun(graceMs, hurry);
    await this.#stopping;
  }

  async #endRun(graceMs: number, hurry: AbortSignal): Promise<void> {
    this.#health.setUnready();
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

  /** The log of its newest run, or of the one that `lastState` tells of; undefined when there is none. */
  log(which: 'newest' | 'previous'): ContainerLog | undefined {
    if (which === 'newest') return this.#log;
    const { containerID } = this.#lastState.terminated ?? {};
    const previous = this.#history.attempts.find((each) => this.#history.containerID(each) === containerID);
    if (previous === undefined) return undefined;
    const log = this.#history.openLog(previous);
    log.end();
    return log;
  }

  /** Removes the files of a container that will not run again; its logs stay. */
  tidy(): Promise<void> {
    return this.#history.tidy();
  }

  /** Stops looking at the container, which goes on. */
  release(): void {
    this.#started?.run.release();
    this.#log?.close();
  }

  async #start(signal: AbortSignal): Promise<StartedContainer> {
    const attempt = this.#attempt + 1;
    const options: BeginRun = {
      container: this.container,
      folder: this.#history.folder(attempt),
      mayListen: this.kind !== 'init',
      setWaiting: (reason, message) => this.#wait(reason, message),
      onImage: (image) => (this.#image = image),
      onBegin: () => (this.#attempt = attempt),
    };
    const started = await beginRun(this.#handle, options, signal);
    this.#log = this.#history.openLog(attempt);
    this.#history.forgetBefore(attempt - 1).catch((error: unknown) => {
      const fields = { container: this.container.name, reason: messageOf(error) };
      this.#handle.node.log.warn('Earlier runs of a container could not be removed', fields);
    });
    return started;
  }

  /** Follows a run to its end. */
  async #attend(started: StartedContainer, signal: AbortSignal, isFresh: boolean): Promise<Terminated> {
    const { node } = this.#handle;
    this.#started = started;
    // It was to be stopped while it was being started.
    if (this.#stopping !== undefined) void started.run.kill();
    const over = new AbortController();
    if (started.run.exit === undefined) {
      this.#state = { running: { startedAt: rfc3339(started.run.startedAt) } };
      this.#log?.follow();
      this.#handle.changed();
      void started.run.exited.then(() => over.abort(new Error('the container has ended')));
      if (this.kind !== 'init') void this.#watch(started, AbortSignal.any([over.signal, signal]), isFresh);
    }
    const exit = await started.run.exited;
    over.abort(new Error('the container has ended'));
    this.#log?.end();
    this.#health.reset();
    const { cgroups = {} } = started.record;
    const outOfMemory = node.limiter.wasExceeded(cgroups);
    void node.limiter.removeGroups(cgroups);
    // `note` may have said why meanwhile.
    const { record } = this.#started;
    const ended = describeExit(this.container, started.folder, {
      ...{ exit, record, startedAt: started.run.startedAt },
      // The group goes with its processes: after a restart of the platform only the record tells.
      outOfMemory: outOfMemory && record.ended === undefined,
      containerID: this.#history.containerID(this.#attempt),
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
    const attention = this.#health.attention((reason, message, how) =>
      this.#end(reason, message, how, signal),
    );
    const facts = { port: this.#handle.portOf(this.container), isStarted: this.#health.isStarted };
    attendContainer(this.#handle, this.container, started, facts, attention, signal);
  }

  #end(reason: string, message: string, how: 'gracefully' | 'now', signal: AbortSignal): void {
    this.note(reason, message);
    const graceMs = how === 'now' ? 0 : (this.#handle.pod().spec.terminationGracePeriodSeconds ?? 30) * 1000;
    this.#endRun(graceMs, signal).catch((error: unknown) => {
      const fields = { container: this.container.name, error: messageOf(error) };
      this.#handle.node.log.error('Container could not be ended', fields);
    });
  }

  async #pauseAfter(ended: Terminated, signal: AbortSignal): Promise<void> {
    this.#lastState = { terminated: ended };
    const pauseMs = this.#backoff.after(ended);
    if (pauseMs === 0) return;
    const { name } = this.container;
    const { metadata } = this.#handle.pod();
    const where = `container ${name} in pod ${metadata.name}_${metadata.namespace ?? ''}(${metadata.uid ?? ''})`;
    this.#handle.event('Warning', 'BackOff', `Back-off restarting failed ${where}`, this.container);
    this.#wait('CrashLoopBackOff', `back-off ${pauseMs / 1000}s restarting failed ${where}`);
    await pauseUnlessAborted(this.#handle.node.clock, pauseMs, signal);
  }

  /** A start that did not come as far as a process counts as a run that failed. */
  #startFailed(error: unknown): Terminated {
    const { clock, log } = this.#handle.node;
    const message = messageOf(error);
    log.warn('Container could not be started', { container: this.container.name, reason: message });
    this.#handle.event('Warning', 'Failed', `Error: ${message}`, this.container);
    this.#wait('RunContainerError', message);
    const now = rfc3339(clock.now());
    this.#attempt = Math.max(this.#attempt, 0);
    return {
      ...{ exitCode: 128, reason: 'StartError', message, startedAt: now, finishedAt: now },
      containerID: this.#history.containerID(this.#attempt),
    };
  }

  #wait(reason: string, message?: string): void {
    this.#state = { waiting: { reason, ...(message === undefined ? {} : { message }) } };
    this.#handle.changed();
  }
}

/** As a function, so that the compiler does not take the answer for lasting. */
function isAborted(signal: AbortSignal): boolean {
  return signal.aborted;
}
