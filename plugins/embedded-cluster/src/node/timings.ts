/** Times that the kubelet has as constants, in milliseconds; tests make them short. */
export interface NodeTimings {
  /** Pause before the second restart of a crashed container; doubles from then on. */
  readonly crashBackoffMs: number;
  readonly crashBackoffMaxMs: number;
  /** A container that ran this long begins again with the first pause. */
  readonly crashResetMs: number;
  readonly pullBackoffMs: number;
  readonly pullBackoffMaxMs: number;
  /** Until something that is missing (a Secret, a bound claim) is looked for again, when no event tells. */
  readonly retryMs: number;
  /** After the start of a container, when to see whether it listens on its PORT. */
  readonly portChecksMs: readonly number[];
  /** Between two looks at the disk space of pods that have a limit. */
  readonly diskPollMs: number;
  /** Between two looks at the resident size of containers that no cgroup limits. */
  readonly memoryPollMs: number;
  /** Between two renewals of the node's Lease. */
  readonly leaseRenewMs: number;
  /** Between two looks at whether tokens in pods have to be renewed. */
  readonly tokenCheckMs: number;
}

export const NODE_TIMINGS: NodeTimings = {
  crashBackoffMs: 10_000,
  crashBackoffMaxMs: 300_000,
  crashResetMs: 600_000,
  pullBackoffMs: 10_000,
  pullBackoffMaxMs: 300_000,
  retryMs: 10_000,
  portChecksMs: [2000, 5000, 10_000, 30_000, 60_000, 120_000],
  diskPollMs: 2000,
  memoryPollMs: 500,
  leaseRenewMs: 20_000,
  tokenCheckMs: 60_000,
};
