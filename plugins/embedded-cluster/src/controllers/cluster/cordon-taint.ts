import { hasCode, type Node } from '@epinio/core';
import { objectsAt } from '../../json.ts';
import { rfc3339 } from '../machinery/rfc3339.ts';
import {
  defineController,
  follow,
  refTo,
  type Controller,
  type ControllerContext,
} from '../machinery/controller.ts';

const KEY = 'node.kubernetes.io/unschedulable';

/** Shows a cordon as the taint that it is. */
export function cordonTaint(context: ControllerContext): Controller {
  const { kube, informers, clock } = context;
  const nodes = informers.open<Node>({ apiVersion: 'v1', kind: 'Node' });
  return defineController(context, {
    name: 'node-controller',
    informers: [nodes],
    subscribe: (queue) => [follow(nodes, ({ metadata }) => queue.add(metadata.name))],

    async sync(name) {
      const node = nodes.get(undefined, name);
      if (node === undefined) return;
      const taints = objectsAt(node.spec, 'taints');
      const others = taints.filter(({ key }) => key !== KEY);
      const isCordoned = node.spec?.unschedulable === true;
      if (isCordoned === taints.length > others.length) return;
      const cordon = { key: KEY, effect: 'NoSchedule', timeAdded: rfc3339(clock.now()) };
      const wanted = isCordoned ? [...others, cordon] : others;
      const { resourceVersion } = node.metadata;
      const patch = { metadata: { resourceVersion }, spec: { taints: wanted.length > 0 ? wanted : null } };
      try {
        await kube.patch(refTo(node), { type: 'merge', patch });
      } catch (error) {
        // Its change is on its way here.
        if (!hasCode(error, 'KUBE_CONFLICT') && !hasCode(error, 'KUBE_NOT_FOUND')) throw error;
      }
    },
  });
}
