import { hasCode, messageOf, type Pod } from '@epinio/core';
import type { NodeContext } from '../node-context.ts';
import { podKey } from './pod-handle.ts';

const RETRY_MS = 1000;

/** Tells the API that nothing of the pod runs any more, which removes it. Tries until the signal is aborted. */
export async function removePod(node: NodeContext, pod: Pod, signal: AbortSignal): Promise<void> {
  const { namespace = '', name, uid } = pod.metadata;
  const ref = { apiVersion: 'v1', kind: 'Pod', namespace, name };
  for (;;) {
    try {
      await node.kube.delete(ref, { gracePeriodSeconds: 0, ...(uid === undefined ? {} : { uid }), signal });
      return;
    } catch (error) {
      if (signal.aborted || hasCode(error, 'KUBE_CONFLICT')) return; // another pod has its name
      const reason = messageOf(error);
      node.log.debug('Pod could not be removed from the API yet', { pod: podKey(pod), reason });
      await node.clock.sleep(RETRY_MS, signal);
    }
  }
}
