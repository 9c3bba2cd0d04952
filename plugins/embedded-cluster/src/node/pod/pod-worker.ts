import { rm } from 'node:fs/promises';
import { hasCode, messageOf, type Condition, type Container, type Pod, type PodStatus } from '@epinio/core';
import { rfc3339 } from '../../controllers/machinery/rfc3339.ts';
import { pauseUnlessAborted } from '../container/attend-container.ts';
import { ContainerWorker } from '../container/container-worker.ts';
import type { PodFolder } from '../layout.ts';
import { hasStorageLimit, storageExcess } from '../limits/storage-limits.ts';
import type { NodeContext } from '../node-context.ts';
import { configError } from '../spec/environment.ts';
import { boundVolumes, preparePodVolumes, volumeObjects, type PodVolume } from '../volumes/pod-volumes.ts';
import { podKey, type PodHandle } from './pod-handle.ts';
import { PodPorts } from './pod-ports.ts';
import { readPodRecord, writePodRecord } from './pod-record.ts';
import { podStatus } from './pod-status.ts';
import { StatusPublisher } from './status-publisher.ts';

const DEFAULT_GRACE_SECONDS = 30;
const DELETE_RETRY_MS = 1000;

/** One pod on this node, from its binding to its end. */
export class PodWorker implements PodHandle {
  readonly node: NodeContext;
  readonly folder: PodFolder;
  #pod: Pod;
  #uid: number | undefined;
  readonly #ports: PodPorts;
  readonly #init: readonly ContainerWorker[];
  readonly #main: readonly ContainerWorker[];
  #volumes: ReadonlyMap<string, PodVolume> | undefined;
  readonly #publisher: StatusPublisher;
  /** Aborted when nothing is to be started any more. */
  readonly #ending = new AbortController();
  /** Aborted when what still runs is to be killed. */
  readonly #hurry = new AbortController();
  /** Aborted when this process looks at the pod no longer. */
  readonly #released = new AbortController();
  readonly #waiting = new Set<() => void>();
  #failure: { readonly reason: string; readonly message: string } | undefined;
  #isOver = false;
  #lived: Promise<void> = Promise.resolve();
  #stopping: Promise<void> | undefined;
  #isDeleting = false;
  #told: readonly Condition[];
  readonly #startTime: string;

  constructor(node: NodeContext, pod: Pod) {
    this.node = node;
    this.#pod = pod;
    this.folder = node.layout.pod(pod.metadata.uid ?? '');
    if (pod.status?.phase === 'Failed') {
      const { reason = '', message = '' } = pod.status;
      this.#failure = { reason, message };
    }
    const record = readPodRecord(this.folder);
    this.#uid = record?.uid;
    this.#ports = new PodPorts(node, pod.metadata.uid ?? '', record?.ports ?? {});
    this.#told = pod.status?.conditions ?? [];
    this.#startTime = pod.status?.startTime ?? rfc3339(node.clock.now());
    const { containers, initContainers = [], restartPolicy = 'Always' } = pod.spec;
    const restarts = (kind: 'init' | 'main') => (exitCode: number) =>
      exitCode === 0 ? kind === 'main' && restartPolicy === 'Always' : restartPolicy !== 'Never';
    const worker = (kind: 'init' | 'main') => (container: Container) =>
      new ContainerWorker({ handle: this, container, kind, restarts: restarts(kind) });
    this.#init = initContainers.map(worker('init'));
    this.#main = containers.map(worker('main'));
    this.#publisher = new StatusPublisher(
      node,
      () => this.#pod,
      () => this.#status(),
      this.#released.signal,
    );
  }

  get uid(): number | undefined {
    return this.#uid;
  }

  /** Images that its containers need. */
  get digests(): readonly string[] {
    return [...this.#init, ...this.#main].flatMap(({ digest }) => digest ?? []);
  }

  pod(): Pod {
    return this.#pod;
  }

  volumes(): ReadonlyMap<string, PodVolume> {
    return this.#volumes ?? new Map<string, PodVolume>();
  }

  container(name: string): ContainerWorker | undefined {
    return [...this.#main, ...this.#init].find(({ container }) => container.name === name);
  }

  portOf(container: Container): number | undefined {
    return this.#ports.get(container);
  }

  realPort(container: Container, port: number | string): number | undefined {
    return this.#ports.resolve(container, port);
  }

  async assignPort(container: Container): Promise<number | undefined> {
    if (await this.#ports.assign(this.#pod, container)) this.#record();
    return this.#ports.get(container);
  }

  publishPorts(signal: AbortSignal): Promise<void> {
    return this.#ports.publish(this.#pod, signal);
  }

  changed(): void {
    this.#publisher.changed();
  }

  event(type: 'Normal' | 'Warning', reason: string, message: string, container?: Container): void {
    const list = this.#init.some((each) => each.container === container) ? 'initContainers' : 'containers';
    const path = container === undefined ? undefined : `spec.${list}{${container.name}}`;
    this.node.events.event(this.#pod, type, reason, message, path);
  }

  async waitForChange(ms: number, signal: AbortSignal): Promise<void> {
    const changed = new AbortController();
    const wake = (): void => changed.abort(new Error('something has changed'));
    this.#waiting.add(wake);
    await pauseUnlessAborted(this.node.clock, ms, AbortSignal.any([changed.signal, signal]));
    this.#waiting.delete(wake);
    signal.throwIfAborted();
  }

  /** Begins, or goes on where an earlier life of the platform was. */
  start(): void {
    for (const container of [...this.#init, ...this.#main]) container.adopt();
    this.#lived = this.#live().catch((error: unknown) => {
      if (!this.#ending.signal.aborted)
        this.node.log.error('Pod worker failed', { pod: podKey(this.#pod), error: messageOf(error) });
    });
    if (this.#pod.metadata.deletionTimestamp !== undefined) this.update(this.#pod);
  }

  /** Takes notice of what the API has. */
  update(pod: Pod): void {
    const before = this.#pod.metadata;
    this.#pod = pod;
    const { labels, annotations } = pod.metadata;
    if (JSON.stringify([labels, annotations]) !== JSON.stringify([before.labels, before.annotations]))
      this.poke();
    if (pod.metadata.deletionTimestamp === undefined || this.#isDeleting) return;
    this.#isDeleting = true;
    this.#delete().catch((error: unknown) => {
      if (!this.#released.signal.aborted)
        this.node.log.error('Pod could not be deleted', { pod: podKey(pod), error: messageOf(error) });
    });
  }

  /** Whether a change of the object changes a volume of the pod. */
  dependsOn(kind: string, namespace: string | undefined, name: string): boolean {
    if (namespace !== this.#pod.metadata.namespace) return false;
    return volumeObjects(this.#pod).some((ref) => ref.kind === kind && ref.name === name);
  }

  /** Whether something that it refers to was missing, in this namespace. */
  isWaitingIn(namespace: string | undefined): boolean {
    return this.#waiting.size > 0 && namespace === this.#pod.metadata.namespace;
  }

  /** Something that the pod refers to has changed. */
  poke(): void {
    for (const wake of this.#waiting) wake();
    if (this.#volumes === undefined || this.#ending.signal.aborted) return;
    this.#prepareVolumes().catch((error: unknown) => {
      // Deleted, say: the containers keep what they have.
      this.event('Warning', 'FailedMount', messageOf(error));
    });
  }

  /** The pod is gone from the API: whatever runs of it is killed, and its files are removed. */
  async gone(): Promise<void> {
    this.#hurry.abort(new Error('the pod is gone'));
    await this.#stop(0);
    this.release();
    this.#ports.release();
    await rm(this.folder.root, { recursive: true, force: true });
    if (this.#uid !== undefined) this.node.users?.release(this.#uid);
  }

  /** Ends what runs, as when the machine goes down: the pod stays, and begins again with the next start. */
  async shutDown(graceMs: number): Promise<void> {
    this.#released.abort(new Error('the node goes down'));
    await this.#stop(Math.min(graceMs, this.#graceMs()));
    this.release();
  }

  /** Stops looking at the pod, which goes on. */
  release(): void {
    this.#released.abort(new Error('the pod is released'));
    this.#ending.abort(new Error('the pod is released'));
    for (const container of [...this.#init, ...this.#main]) container.release();
  }

  async #live(): Promise<void> {
    const phase = this.#pod.status?.phase;
    if (phase === 'Succeeded' || phase === 'Failed') {
      this.#isOver = true;
      return;
    }
    const { signal } = this.#ending;
    this.#aside(this.#watchDeadline(signal));
    await this.#mount(signal);
    this.#aside(this.#watchStorage(signal));
    this.changed();
    for (const container of this.#init) {
      const ended = await container.live(signal);
      if (ended?.exitCode !== 0) {
        this.#finish();
        return;
      }
    }
    await Promise.all(this.#main.map((container) => container.live(signal)));
    this.#finish();
  }

  /** Nothing runs and nothing will: the last status. */
  #finish(): void {
    if (this.#released.signal.aborted || this.#isDeleting || this.#failure !== undefined) return;
    this.#isOver = true;
    this.changed();
    this.#aside(this.#tidy());
  }

  /** Ends the pod for good, though it is not deleted. */
  async #fail(reason: string, message: string, graceMs: number): Promise<void> {
    if (this.#isOver || this.#ending.signal.aborted) return;
    this.#failure = { reason, message };
    this.node.log.info('Pod is ended by the node', { pod: podKey(this.#pod), reason, message });
    await this.#stop(graceMs);
    this.#isOver = true;
    this.changed();
    await this.#tidy();
  }

  /** Frees the disk of what a pod that has ended cannot need any more, long before it is deleted; logs stay. */
  async #tidy(): Promise<void> {
    for (const container of [...this.#init, ...this.#main]) await container.tidy();
    await rm(this.folder.volumes, { recursive: true, force: true });
  }

  async #stop(graceMs: number): Promise<void> {
    this.#ending.abort(new Error('the pod is being ended'));
    this.#stopping ??= Promise.all(
      [...this.#main, ...this.#init].map((container) => container.stop(graceMs, this.#hurry.signal)),
    ).then(() => this.#lived);
    await this.#stopping;
  }

  async #delete(): Promise<void> {
    const { clock } = this.node;
    const graceMs = this.#graceMs();
    const isRunning = this.#main.some((container) => container.isRunning);
    this.#ending.abort(new Error('the pod is being deleted'));
    this.changed();
    if (isRunning && graceMs > 0 && this.#isBehindService()) {
      // Whoever sends traffic to it has to hear first that it is not ready any more.
      await this.#publisher.flush();
      await pauseUnlessAborted(
        clock,
        Math.min(this.node.config.drainMilliseconds, graceMs),
        this.#hurry.signal,
      );
    }
    await this.#stop(graceMs);
    if (this.#released.signal.aborted) return;
    this.#isOver = true;
    this.changed();
    await this.#publisher.flush();
    const { namespace = '', name, uid } = this.#pod.metadata;
    for (;;) {
      try {
        await this.node.kube.delete(
          { apiVersion: 'v1', kind: 'Pod', namespace, name },
          { gracePeriodSeconds: 0, ...(uid === undefined ? {} : { uid }), signal: this.#released.signal },
        );
        return;
      } catch (error) {
        if (isAborted(this.#released.signal) || hasCode(error, 'KUBE_CONFLICT')) return;
        this.node.log.debug('Pod could not be removed from the API yet', {
          pod: podKey(this.#pod),
          reason: messageOf(error),
        });
        await clock.sleep(DELETE_RETRY_MS, this.#released.signal);
      }
    }
  }

  /** Makes the volumes; tries until everything that they refer to is there. */
  async #mount(signal: AbortSignal): Promise<void> {
    for (;;) {
      try {
        refuseHostAccess(this.#pod);
        const bound = await boundVolumes(this.node.kube, this.#pod);
        if (readPodRecord(this.folder) === undefined) {
          this.#uid = this.node.users?.take([...bound.values()]);
          this.#record();
        }
        await this.#prepareVolumes(bound);
        return;
      } catch (error) {
        signal.throwIfAborted();
        if (!hasCode(error, 'CONFIG_ERROR'))
          this.node.log.warn('Volumes could not be made', {
            pod: podKey(this.#pod),
            reason: messageOf(error),
          });
        this.event('Warning', 'FailedMount', messageOf(error));
        this.changed();
        await this.waitForChange(this.node.timings.retryMs, signal);
      }
    }
  }

  async #prepareVolumes(bound?: ReadonlyMap<string, string>): Promise<void> {
    const { kube, layout, resources, config } = this.node;
    const volumes = await preparePodVolumes({
      ...{
        kube,
        layout,
        resources,
        folder: this.folder,
        pod: this.#pod,
        uid: this.#uid,
        nodeName: config.name,
      },
      bound: bound ?? (await boundVolumes(kube, this.#pod)),
    });
    this.#volumes = volumes;
  }

  async #watchDeadline(signal: AbortSignal): Promise<void> {
    const { activeDeadlineSeconds } = this.#pod.spec;
    if (activeDeadlineSeconds === undefined) return;
    const { clock } = this.node;
    const left = Date.parse(this.#startTime) + activeDeadlineSeconds * 1000 - clock.now();
    await pauseUnlessAborted(clock, Math.max(0, left), signal);
    if (signal.aborted) return;
    const message = 'Pod was active on the node longer than the specified deadline';
    await this.#fail('DeadlineExceeded', message, this.#graceMs());
  }

  async #watchStorage(signal: AbortSignal): Promise<void> {
    if (!hasStorageLimit(this.#pod)) return;
    const { clock, timings } = this.node;
    while (!signal.aborted) {
      const startedAt = clock.now();
      const excess = await storageExcess(this.#pod, this.folder);
      if (excess !== undefined) {
        this.event('Warning', 'Evicted', excess);
        await this.#fail('Evicted', excess, 0);
        return;
      }
      // A look at many files takes long: it may take a tenth of the time.
      await pauseUnlessAborted(clock, Math.max(timings.diskPollMs, 9 * (clock.now() - startedAt)), signal);
    }
  }

  /** Lets something go on beside the containers; what goes wrong with it is logged. */
  #aside(work: Promise<void>): void {
    work.catch((error: unknown) => {
      if (this.#ending.signal.aborted) return;
      this.node.log.error('Pod is not watched any more', { pod: podKey(this.#pod), error: messageOf(error) });
    });
  }

  #graceMs(): number {
    const { deletionGracePeriodSeconds } = this.#pod.metadata;
    return (
      (deletionGracePeriodSeconds ?? this.#pod.spec.terminationGracePeriodSeconds ?? DEFAULT_GRACE_SECONDS) *
      1000
    );
  }

  #isBehindService(): boolean {
    const { namespace, labels = {} } = this.#pod.metadata;
    return this.node.services(namespace).some(({ spec: { selector } }) => {
      const wanted = Object.entries(selector ?? {});
      return wanted.length > 0 && wanted.every(([key, value]) => labels[key] === value);
    });
  }

  #record(): void {
    writePodRecord(this.folder, {
      ...(this.#uid === undefined ? {} : { uid: this.#uid }),
      ports: this.#ports.record,
    });
  }

  #status(): PodStatus {
    const problems = this.#main.flatMap(({ container, portProblem }) =>
      portProblem === undefined ? [] : [[container.name, portProblem] as const],
    );
    const status = podStatus({
      pod: this.#pod,
      init: this.#init.map((container) => container.status()),
      main: this.#main.map((container) => container.status()),
      portProblems: new Map(problems),
      hasVolumes: this.#volumes !== undefined,
      isOver: this.#isOver,
      isEnding: this.#ending.signal.aborted,
      failure: this.#failure,
      startTime: this.#startTime,
      told: this.#told,
      now: this.node.clock.now(),
    });
    this.#told = status.conditions ?? [];
    return status;
  }
}

function refuseHostAccess({ spec }: Pod): void {
  for (const field of ['hostPID', 'hostIPC'] as const) {
    if (spec[field] === true)
      throw configError(`the pod asks for ${field}, which the embedded cluster refuses`);
  }
}

/** As a function, so that the compiler does not take the answer for lasting. */
function isAborted(signal: AbortSignal): boolean {
  return signal.aborted;
}
