import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf, type Condition, type Container, type Pod, type PodStatus } from '@epinio/core';
import { rfc3339 } from '../../controllers/machinery/rfc3339.ts';
import { selects } from '../../controllers/pods/pod-facts.ts';
import { pauseUnlessAborted } from '../container/attend-container.ts';
import type { ContainerWorker } from '../container/container-worker.ts';
import type { PodFolder } from '../layout.ts';
import type { NodeContext } from '../node-context.ts';
import { holdsTokens, volumeObjects, type PodVolume } from '../volumes/pod-volumes.ts';
import { ChangeWaiter } from './change-waiter.ts';
import { hostsText, writeInPlace } from './hosts-file.ts';
import { PodContainers } from './pod-containers.ts';
import { podKey, type PodHandle } from './pod-handle.ts';
import { untilDeadline, untilExcess, type PodFailure } from './pod-limits.ts';
import { PodMounts } from './pod-mounts.ts';
import { PodPorts } from './pod-ports.ts';
import { readPodRecord, writePodRecord } from './pod-record.ts';
import { podStatus } from './pod-status.ts';
import { removePod } from './remove-pod.ts';
import { StatusPublisher } from './status-publisher.ts';

const DEFAULT_GRACE_SECONDS = 30;

/** One pod on this node, from its binding to its end. */
export class PodWorker implements PodHandle {
  readonly node: NodeContext;
  readonly folder: PodFolder;
  #pod: Pod;
  #uid: number | undefined;
  readonly #ports: PodPorts;
  readonly #containers: PodContainers;
  readonly #mounts: PodMounts;
  readonly #publisher: StatusPublisher;
  readonly #changes: ChangeWaiter;
  /** Aborted when nothing is to be started any more. */
  readonly #ending = new AbortController();
  /** Aborted when what still runs is to be killed. */
  readonly #hurry = new AbortController();
  /** Aborted when this process looks at the pod no longer. */
  readonly #released = new AbortController();
  #failure: Pick<PodFailure, 'reason' | 'message'> | undefined;
  /** No container will be started any more. */
  #isOver = false;
  #isDeleting = false;
  #lived: Promise<void> = Promise.resolve();
  #stopping: Promise<void> | undefined;
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
    this.#changes = new ChangeWaiter(node.clock);
    this.#mounts = new PodMounts(this, (volumes) => this.#begin(volumes));
    this.#containers = new PodContainers(this, pod.spec);
    const [current, status] = [() => this.#pod, () => this.#status()];
    this.#publisher = new StatusPublisher(node, current, status, this.#released.signal);
  }

  get uid(): number | undefined {
    return this.#uid;
  }

  /** Images that its containers need. */
  get digests(): readonly string[] {
    return this.#containers.all.flatMap(({ digest }) => digest ?? []);
  }

  pod(): Pod {
    return this.#pod;
  }

  volumes(): ReadonlyMap<string, PodVolume> {
    return this.#mounts.volumes;
  }

  container(name: string): ContainerWorker | undefined {
    return this.#containers.find(name);
  }

  portOf(container: Container): number | undefined {
    return this.#ports.get(container);
  }

  realPort(container: Container, port: number | string): number | undefined {
    return this.#ports.resolve(container, port);
  }

  writeHosts(): void {
    // Whoever shares the host's file system has the host's names.
    if (this.node.isolation.kind === 'process' || !existsSync(this.folder.etc)) return;
    writeInPlace(join(this.folder.etc, 'hosts'), hostsText(this.#pod, this.node.services(undefined)));
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
    const path = container && this.#containers.fieldPath(container);
    this.node.events.event(this.#pod, type, reason, message, path);
  }

  waitForChange(ms: number, signal: AbortSignal): Promise<void> {
    return this.#changes.wait(ms, signal);
  }

  /** Begins, or goes on where an earlier life of the platform was. */
  start(): void {
    this.#containers.adopt();
    this.#lived = this.#live().catch((error: unknown) => {
      if (!this.#ending.signal.aborted) this.#complain('Pod worker failed', error);
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
      if (!this.#released.signal.aborted) this.#complain('Pod could not be deleted', error);
    });
  }

  /** Whether a change of the object changes a volume of the pod. */
  dependsOn(kind: string, namespace: string | undefined, name: string): boolean {
    if (namespace !== this.#pod.metadata.namespace) return false;
    return volumeObjects(this.#pod).some((ref) => ref.kind === kind && ref.name === name);
  }

  /** Whether something that it refers to was missing, in this namespace. */
  isWaitingIn(namespace: string | undefined): boolean {
    return this.#changes.isAwaited && namespace === this.#pod.metadata.namespace;
  }

  /** Time has passed: tokens in its volumes may have to be renewed. */
  renewTokens(): void {
    if (holdsTokens(this.#pod)) this.#refresh();
  }

  /** Something that the pod refers to has changed. */
  poke(): void {
    this.#changes.changed();
    this.#refresh();
  }

  #refresh(): void {
    if (!this.#mounts.isMounted || this.#ending.signal.aborted || this.#isOver) return;
    this.#mounts.refresh().catch((error: unknown) => {
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
    this.#containers.release();
  }

  async #live(): Promise<void> {
    const phase = this.#pod.status?.phase;
    if (phase === 'Succeeded' || phase === 'Failed') {
      this.#isOver = true;
      return;
    }
    const { signal } = this.#ending;
    this.#endFor(untilDeadline(this, this.#startTime, signal));
    await this.#mounts.mount(signal);
    this.#endFor(untilExcess(this, signal));
    this.changed();
    await this.#containers.run({
      signal,
      released: this.#released.signal,
      hurry: this.#hurry.signal,
      graceMs: () => this.#graceMs(),
    });
    // Otherwise whoever ends it says what it came to.
    if (!signal.aborted) await this.#finish();
  }

  /** Nothing runs and nothing will: tells so, and frees the disk of all but the logs long before it is deleted. */
  async #finish(): Promise<void> {
    this.#isOver = true;
    this.changed();
    await this.#containers.tidy();
    await rm(this.folder.volumes, { recursive: true, force: true });
  }

  /** Ends the pod for good, though it is not deleted, if it comes to that. */
  #endFor(failing: Promise<PodFailure | undefined>): void {
    const end = async (): Promise<void> => {
      const failure = await failing;
      if (failure === undefined || this.#isOver || this.#ending.signal.aborted) return;
      const { reason, message, isUrgent } = failure;
      this.#failure = { reason, message };
      this.node.log.info('Pod is ended by the node', { pod: podKey(this.#pod), reason, message });
      await this.#stop(isUrgent ? 0 : this.#graceMs());
      await this.#finish();
    };
    end().catch((error: unknown) => {
      if (!this.#released.signal.aborted) this.#complain('Pod is not watched any more', error);
    });
  }

  async #stop(graceMs: number): Promise<void> {
    this.#ending.abort(new Error('the pod is being ended'));
    this.#stopping ??= this.#containers.stop(graceMs, this.#hurry.signal).then(() => this.#lived);
    await this.#stopping;
  }

  async #delete(): Promise<void> {
    const graceMs = this.#graceMs();
    this.#ending.abort(new Error('the pod is being deleted'));
    this.changed();
    if (this.#containers.isRunning && graceMs > 0 && this.#isBehindService) {
      // Whoever sends traffic to it has to hear first that it is not ready any more.
      await this.#publisher.flush();
      const drainMs = Math.min(this.node.config.drainMilliseconds, graceMs);
      await pauseUnlessAborted(this.node.clock, drainMs, this.#hurry.signal);
    }
    await this.#stop(graceMs);
    if (this.#released.signal.aborted) return;
    this.#isOver = true;
    this.changed();
    await this.#publisher.flush();
    await removePod(this.node, this.#pod, this.#released.signal);
  }

  /** Gives the pod its user, before anything of it is made. */
  #begin(persistentVolumes: readonly string[]): void {
    if (readPodRecord(this.folder) !== undefined) return;
    this.#uid = this.node.users?.take(persistentVolumes);
    this.#record();
  }

  #record(): void {
    const user = this.#uid === undefined ? {} : { uid: this.#uid };
    writePodRecord(this.folder, { ...user, ports: this.#ports.record });
  }

  get #isBehindService(): boolean {
    return this.node.services(this.#pod.metadata.namespace).some((service) => selects(service, this.#pod));
  }

  #graceMs(): number {
    const { metadata, spec } = this.#pod;
    const { terminationGracePeriodSeconds = DEFAULT_GRACE_SECONDS } = spec;
    return (metadata.deletionGracePeriodSeconds ?? terminationGracePeriodSeconds) * 1000;
  }

  #status(): PodStatus {
    const status = podStatus({
      ...this.#containers.facts(),
      pod: this.#pod,
      hasVolumes: this.#mounts.isMounted,
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

  #complain(what: string, error: unknown): void {
    this.node.log.error(what, { pod: podKey(this.#pod), error: messageOf(error) });
  }
}
