import { hasCode, messageOf, type Pod } from '@epinio/core';
import { configError } from '../spec/environment.ts';
import { boundVolumes, preparePodVolumes, type PodVolume } from '../volumes/pod-volumes.ts';
import { podKey, type PodHandle } from './pod-handle.ts';

/** The volumes of a pod: made before its containers, kept up to date while they run. */
export class PodMounts {
  readonly #handle: PodHandle;
  readonly #onBound: (volumes: readonly string[]) => void;
  #volumes: ReadonlyMap<string, PodVolume> | undefined;

  /** @param onBound called before anything is made, with the PersistentVolumes of the pod */
  constructor(handle: PodHandle, onBound: (volumes: readonly string[]) => void) {
    this.#handle = handle;
    this.#onBound = onBound;
  }

  get isMounted(): boolean {
    return this.#volumes !== undefined;
  }

  get volumes(): ReadonlyMap<string, PodVolume> {
    return this.#volumes ?? new Map<string, PodVolume>();
  }

  /** Makes the volumes; tries until everything that they refer to is there, and says what is not. */
  async mount(signal: AbortSignal): Promise<void> {
    const { node } = this.#handle;
    for (;;) {
      try {
        refuseHostAccess(this.#handle.pod());
        await this.refresh();
        return;
      } catch (error) {
        signal.throwIfAborted();
        const reason = messageOf(error);
        if (!hasCode(error, 'CONFIG_ERROR')) {
          node.log.warn('Volumes could not be made', { pod: podKey(this.#handle.pod()), reason });
        }
        this.#handle.event('Warning', 'FailedMount', reason);
        this.#handle.changed();
        await this.#handle.waitForChange(node.timings.retryMs, signal);
      }
    }
  }

  /** Brings what is made from objects up to date with them. */
  async refresh(): Promise<void> {
    const { node, folder } = this.#handle;
    const { kube, layout, resources, config, tokens, clock } = node;
    const pod = this.#handle.pod();
    const bound = await boundVolumes(kube, pod);
    this.#onBound([...bound.values()]);
    const { uid } = this.#handle;
    const nodeName = config.name;
    this.#volumes = await preparePodVolumes({
      ...{ kube, layout, resources, folder, pod, uid, nodeName, bound, tokens, clock },
    });
  }
}

function refuseHostAccess({ spec }: Pod): void {
  for (const field of ['hostPID', 'hostIPC'] as const) {
    if (spec[field] === true) {
      throw configError(`the pod asks for ${field}, which the embedded cluster refuses`);
    }
  }
}
