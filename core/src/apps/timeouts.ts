/** How long the platform waits for what others do. */
export interface Timeouts {
  /** For a new version to serve, and for instances to end. */
  readonly deploymentMs: number;
  /** For clients that wait for the end of a staging run. The run itself has the builder's limit. */
  readonly stagingMs: number;
  readonly namespaceDeletionMs: number;
  /** For the registry's credentials to reach a new namespace. */
  readonly secretCopiedMs: number;
}

const MINUTE_MS = 60_000;

/** The published times, times the published multiplier. */
export function timeouts(multiplier = 1): Timeouts {
  return {
    deploymentMs: 3 * MINUTE_MS * multiplier,
    stagingMs: 10 * MINUTE_MS * multiplier,
    namespaceDeletionMs: 5 * MINUTE_MS * multiplier,
    secretCopiedMs: 5 * MINUTE_MS * multiplier,
  };
}

/** A duration as a person reads it: "3 minutes", "45 s". */
export function shownDuration(ms: number): string {
  const seconds = Math.round(ms / 1000);
  return seconds >= 120 && seconds % 60 === 0 ? `${seconds / 60} minutes` : `${seconds} s`;
}
