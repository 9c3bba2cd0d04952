import {
  ChartExecutor,
  cluster,
  commands,
  Helm,
  type Kube,
  type PartExecutors,
  type Platform,
} from '@epinio/core';

/** What installs components that are Helm charts; disposing of it removes the files that helm was given. */
export interface ChartExecutors extends AsyncDisposable {
  readonly executors: PartExecutors;
}

/** The `helm` program of this machine is looked for when the first chart needs it. */
export function chartExecutors(platform: Platform, kube: Kube): ChartExecutors {
  let opened: Promise<Helm> | undefined;
  const open = async (signal: AbortSignal): Promise<Helm> => {
    const target = await platform.open(cluster);
    return Helm.open(
      { commands: await platform.open(commands), connection: await target.connection() },
      signal,
    );
  };
  return {
    executors: { chart: new ChartExecutor({ kube, helm: (signal) => (opened ??= open(signal)) }) },
    async [Symbol.asyncDispose]() {
      const helm = await opened?.catch(() => undefined); // it was told where it was asked for
      await helm?.[Symbol.asyncDispose]();
    },
  };
}
