import type { KubeObject } from '../../kernel/component.ts';
import type { Kube } from '../../ports/kube.ts';
import { PLUGIN_LABEL, type ChartRef } from '../part-ref.ts';

/** The newest revision of a Helm release, as its Secret tells it. */
export interface Release {
  readonly revision: number;
  /** deployed, failed, pending-install, pending-upgrade, pending-rollback, uninstalling, uninstalled, … */
  readonly status: string;
  /** Id of the component that we installed it for; undefined when it is someone else's. */
  readonly component: string | undefined;
  /** The newest revision that was completely there; undefined when none ever was. */
  readonly lastDeployed: number | undefined;
}

/** Reads a release from the Secrets that Helm keeps. @returns undefined when there is none */
export async function readRelease(
  kube: Kube,
  { namespace, release }: Pick<ChartRef, 'namespace' | 'release'>,
  signal: AbortSignal,
): Promise<Release | undefined> {
  const { items } = await kube.list(
    { apiVersion: 'v1', kind: 'Secret', namespace },
    { labelSelector: `owner=helm,name=${release}`, signal },
  );
  const revisions = items.map(revisionOf).toSorted((a, b) => b.revision - a.revision);
  const [newest] = revisions;
  if (newest === undefined) return undefined;
  const lastDeployed = revisions.find(({ status }) => status === 'deployed' || status === 'superseded');
  return { ...newest, lastDeployed: lastDeployed?.revision };
}

function revisionOf({ metadata }: KubeObject): Omit<Release, 'lastDeployed'> {
  const labels = metadata.labels ?? {};
  return {
    revision: Number(labels['version'] ?? 0),
    status: labels['status'] ?? 'unknown',
    component: labels[PLUGIN_LABEL],
  };
}
