import {
  assertInstallable,
  checkComponents,
  detectComponents,
  ingress,
  install,
  prepareInstall,
  type ComponentFinding,
  type Detected,
  type Installation,
  type InstallComponent,
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
  opened: OpenedCluster,
  { installation, signal }: ClusterWork,
): Promise<PreparedInstall> {
  const { platform, api, executors } = opened;
  const { settings, profile } = installation.loaded;
  const detected = await detectComponents(platform, api, { signal });
  const findings = await checkComponents(platform, api, { settings, detected, signal });
  assertInstallable(findings);
  const options: InstallOptions = {
    ...{ kube: api, executors, detected, settings, version, signal },
    components: componentsFor(opened, installation),
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

/** The components with what can be waited for here: what the server hosts is ready once that runs. */
export function componentsFor(
  { platform }: Pick<OpenedCluster, 'platform'>,
  installation: Installation,
): readonly InstallComponent[] {
  const hosted = new Set(
    platform.nodes.filter(({ plugin }) => plugin?.run !== undefined).map(({ name }) => name),
  );
  return installComponents(platform, installation).map((component) =>
    hosted.has(component.id) ? { ...component, probes: [] } : component,
  );
}
