import type { Part, Probe } from '@epinio/core';

/** Nothing is installed: staging runs are made when they are asked for. */
export function parts(): readonly Part[] {
  return [];
}

/** Nothing to wait for: `run` says when the builder image is there. */
export function probes(): readonly Probe[] {
  return [];
}
