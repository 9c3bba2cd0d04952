import type { Part, Probe } from '@epinio/core';

/** Nothing goes into the cluster: the images are files of the machine that the server runs on. */
export function parts(): readonly Part[] {
  return [];
}

/** Nothing to wait for: `run` is ready when it listens. */
export function probes(): readonly Probe[] {
  return [];
}
