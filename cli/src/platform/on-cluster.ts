import {
  cluster,
  kube,
  type Environment,
  type Installation,
  type Kube,
  type PartExecutors,
  type Platform,
} from '@epinio/core';
import { createLog } from '@epinio/core/adapters';
import { chartExecutors } from './chart-executors.ts';
import { composePlatform } from './compose.ts';

/** What is done on a cluster that is there, and for whom. */
export interface ClusterWork {
  readonly installation: Installation;
  /** Absolute; made only when a component keeps something in it. */
  readonly dataDir: string;
  /** Of the command. */
  readonly environment: Environment;
  readonly signal: AbortSignal;
}

/** A platform whose cluster has answered. Nothing has been written to it. */
export interface OpenedCluster extends AsyncDisposable {
  readonly platform: Platform;
  readonly api: Kube;
  /** As a person knows it: context and address. */
  readonly description: string;
  readonly executors: PartExecutors;
}

/** Fails when the cluster does not answer or is too old. */
export async function openCluster(work: ClusterWork): Promise<OpenedCluster> {
  const { installation, dataDir, environment, signal } = work;
  const log = await createLog({ level: 'silent' });
  const platform = await composePlatform({
    ...{ installation, dataDir, environment, log, signal },
    keepsFiles: false,
  });
  try {
    const { description } = await (await platform.open(cluster)).connection();
    const api = await platform.open(kube);
    const charts = chartExecutors(platform, api);
    return {
      platform,
      api,
      description,
      executors: charts.executors,
      async [Symbol.asyncDispose]() {
        await charts[Symbol.asyncDispose]();
        await platform.close();
      },
    };
  } catch (error) {
    await platform.close();
    throw error;
  }
}
