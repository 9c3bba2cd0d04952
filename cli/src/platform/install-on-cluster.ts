import {
  assertInstallable,
  checkComponents,
  detectComponents,
  ingress,
  install,
  prepareInstall,
  type ComponentFinding,
  type Detected,
  type InstallEvent,
  type InstallOptions,
  type InstallPlan,
  type PublicAddress,
} from '@epinio/core';
import { version } from '../version.ts';
import { installComponents } from './components.ts';
import type { ClusterWork, OpenedCluster } from './on-cluster.ts';

/** An installation that could be carried out; so far everything was only looked at. */
export interface PreparedInstall {
  readonly plan: InstallPlan;
  readonly detected: ReadonlyMap<string, Detected>;
  /** Warnings. */
  readonly findings: readonly ComponentFinding[];
  /** The same again changes nothing; after an interruption it goes on. */
  readonly carryOut: (onEvent: (event: InstallEvent) => void) => Promise<InstalledOnCluster>;
}

/** What is there when an install has ended. */
export interface InstalledOnCluster {
  /** Where clients reach the ingress. */
  readonly address: PublicAddress;
}

/** Looks at the cluster. Fails with what refuses an install: all findings of severity error at once, a conflict. */
export async function prepareOnCluster(
  { platform, api, executors }: OpenedCluster,
  { installation, signal }: ClusterWork,
): Promise<PreparedInstall> {
  const { settings, profile } = installation.loaded;
  const detected = await detectComponents(platform, api, { signal });
  const findings = await checkComponents(platform, api, { settings, detected, signal });
  assertInstallable(findings);
  // What the server hosts is ready once it runs, so nothing can be waited for here.
  const hosted = new Set(
    platform.nodes.filter(({ plugin }) => plugin?.run !== undefined).map(({ name }) => name),
  );
  const options: InstallOptions = {
    ...{ kube: api, executors, detected, settings, version, signal },
    components: installComponents(platform, installation).map((component) =>
      hosted.has(component.id) ? { ...component, probes: [] } : component,
    ),
    ...(profile === undefined ? {} : { profile }),
  };
  return {
    plan: await prepareInstall(options),
    detected,
    findings,
    carryOut: async (onEvent) => {
      await install({ ...options, onEvent });
      return { address: await (await platform.open(ingress)).address(signal) };
    },
  };
}
