import type { Node } from '@epinio/core';

/** The published names of platforms, each with what its nodes carry. */
const PLATFORMS: readonly (readonly [name: string, isOne: (node: Node) => boolean])[] = [
  ['k3s', (node) => versionOf(node).includes('+k3s')],
  ['rke2', (node) => versionOf(node).includes('+rke2')],
  ['kind', (node) => providerOf(node).startsWith('kind://')],
  ['minikube', (node) => hasLabel(node, 'minikube.k8s.io/name')],
  ['ibm', (node) => hasLabel(node, 'ibm-cloud.kubernetes.io/worker-version')],
];

/** Which platform a cluster is, by what its nodes say of themselves; "generic" when none of the known ones. */
export function platformOf(nodes: readonly Node[]): string {
  return PLATFORMS.find(([, isOne]) => nodes.some(isOne))?.[0] ?? 'generic';
}

function versionOf({ status }: Node): string {
  return status?.nodeInfo?.['kubeletVersion'] ?? '';
}

function providerOf(node: Node): string {
  const { providerID } = (node['spec'] ?? {}) as { readonly providerID?: string };
  return providerID ?? '';
}

function hasLabel({ metadata }: Node, label: string): boolean {
  return metadata.labels?.[label] !== undefined;
}
