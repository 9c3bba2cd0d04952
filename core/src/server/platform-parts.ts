import { appCrd } from '../apps/app-crd.ts';
import { labels } from '../apps/labels.ts';
import type { KubeObject, Part } from '../kernel/component.ts';
import type { PlatformSettings } from '../ports/settings.ts';

/** Pure: what the platform itself needs in the cluster, before any component: its namespace and its kinds. */
export function platformParts({ namespace }: Pick<PlatformSettings, 'namespace'>): readonly Part[] {
  const place: KubeObject = {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: namespace, labels: { [labels.managedBy]: 'epinio' } },
  };
  const definition: KubeObject = {
    ...appCrd,
    metadata: { ...appCrd.metadata, labels: { [labels.managedBy]: 'epinio' } },
  };
  return [place, definition].map((object) => ({ kind: 'manifest', object }));
}
