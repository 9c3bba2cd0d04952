import type { Mesh, MetadataPatch, WorkloadRef } from '@epinio/core';

const NOTHING: MetadataPatch = Object.freeze({ labels: Object.freeze({}), annotations: Object.freeze({}) });

/** A mesh that is none: no metadata, and no workload is ever taken in. */
export class NoMesh implements Mesh {
  readonly sidecarContainers: readonly string[] = [];

  namespaceMetadata(): MetadataPatch {
    return NOTHING;
  }

  excludedPodMetadata(): MetadataPatch {
    return NOTHING;
  }

  enrol(): Promise<readonly WorkloadRef[]> {
    return Promise.resolve([]);
  }
}
