import { contract } from '../kernel/plugin.ts';
import type { WorkloadRef } from './ingress.ts';

/** Labels and annotations to be merged into an object's metadata. */
export interface MetadataPatch {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

/** Secures the traffic between pods. */
export interface Mesh {
  /** Names of the containers that it puts beside an application's own; logs leave them out unless asked. */
  readonly sidecarContainers: readonly string[];
  /** Pure: what puts a namespace's new pods into the mesh; empty when there is no mesh. */
  namespaceMetadata(): MetadataPatch;
  /** Pure: what keeps one pod of a meshed namespace out of it, for builds and jobs that must end. */
  excludedPodMetadata(): MetadataPatch;
  /**
   * Takes running workloads in: annotates, restarts only their pods, waits until they are back.
   * Those already in it are left alone. @returns the ones that were restarted.
   */
  enrol(workloads: readonly WorkloadRef[], signal?: AbortSignal): Promise<readonly WorkloadRef[]>;
}

export const mesh = contract<Mesh>('mesh');
