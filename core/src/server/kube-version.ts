import type { Node } from '../kube/kinds.ts';
import type { Kube } from '../ports/kube.ts';

/** The Kubernetes version for `GET /info`, as the nodes report it; asked once. Empty when no node says. */
export function kubeVersionOf(kube: Kube): () => Promise<string> {
  let known: string | undefined;
  return async () => {
    if (known !== undefined) return known;
    const { items } = await kube.list<Node>({ apiVersion: 'v1', kind: 'Node' });
    const versions = items.map(({ status }) => status?.nodeInfo?.['kubeletVersion']);
    const found = versions.find((version) => version !== undefined);
    if (found !== undefined) known = found;
    return found ?? '';
  };
}
