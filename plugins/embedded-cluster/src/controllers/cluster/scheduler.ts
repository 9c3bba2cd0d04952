import { hasCode, type Node, type Pod } from '@epinio/core';
import { withCondition } from '../machinery/conditions.ts';
import {
  defineController,
  follow,
  keyOf,
  refTo,
  splitKey,
  type Controller,
  type ControllerContext,
} from '../machinery/controller.ts';
import { whyNotOn } from '../pods/node-fit.ts';
import { isFinished } from '../pods/pod-facts.ts';

/** Binds pods to the node; there is one. Requests are not counted: what does not fit shows when it runs. */
export function scheduler(context: ControllerContext): Controller {
  const { kube, informers, clock } = context;
  const pods = informers.open<Pod>({ apiVersion: 'v1', kind: 'Pod' });
  const nodes = informers.open<Node>({ apiVersion: 'v1', kind: 'Node' });

  const isPending = (pod: Pod): boolean =>
    (pod.spec.nodeName ?? '') === '' && pod.metadata.deletionTimestamp === undefined && !isFinished(pod);

  return defineController(context, {
    name: 'default-scheduler',
    informers: [pods, nodes],
    subscribe: (queue) => [
      follow(pods, (pod) => {
        if (isPending(pod)) queue.add(keyOf(pod));
      }),
      follow(nodes, (_, type) => {
        if (type !== 'deleted') for (const pod of pods.list()) if (isPending(pod)) queue.add(keyOf(pod));
      }),
    ],

    async sync(key, { events }) {
      const { namespace, name } = splitKey(key);
      const pod = pods.get(namespace, name);
      if (pod === undefined || !isPending(pod)) return;
      const reasons: string[] = [];
      const node = nodes.list().find((each) => {
        const reason = whyNotOn(pod, each);
        if (reason !== undefined) reasons.push(reason);
        return reason === undefined;
      });
      if (node === undefined) {
        const message = `0/${nodes.list().length} nodes are available: ${reasons.join(', ') || 'there is no node'}.`;
        events.event(pod, 'Warning', 'FailedScheduling', message);
        const wanted = { type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message } as const;
        const before = pod.status?.conditions ?? [];
        const conditions = withCondition(before, wanted, clock.now());
        if (conditions === before) return;
        const patch = { status: { conditions } };
        await kube.patch(refTo(pod), { type: 'merge', patch }, { subresource: 'status' });
        return;
      }
      const { uid } = pod.metadata;
      const patch = { metadata: { uid }, spec: { nodeName: node.metadata.name } };
      try {
        await kube.patch(refTo(pod), { type: 'merge', patch });
      } catch (error) {
        if (hasCode(error, 'KUBE_NOT_FOUND') || hasCode(error, 'KUBE_CONFLICT')) return; // deleted, or made anew
        throw error;
      }
      events.event(
        pod,
        'Normal',
        'Scheduled',
        `Successfully assigned ${namespace}/${name} to ${node.metadata.name}`,
      );
    },
  });
}
