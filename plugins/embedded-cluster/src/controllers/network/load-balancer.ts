import type { Service } from '@epinio/core';
import {
  defineController,
  follow,
  keyOf,
  refTo,
  splitKey,
  type Controller,
  type ControllerContext,
} from '../machinery/controller.ts';

/**
 * Gives Services of type LoadBalancer their address, which is that of the Service itself: on one machine it leads
 * from everywhere to the endpoints. One with a `loadBalancerClass` is for somebody else's controller.
 */
export function loadBalancerController(context: ControllerContext): Controller {
  const services = context.informers.open<Service>({ apiVersion: 'v1', kind: 'Service' });
  return defineController(context, {
    name: 'service-controller',
    informers: [services],
    subscribe: (queue) => [follow(services, (service) => queue.add(keyOf(service)))],

    async sync(key) {
      const { namespace, name } = splitKey(key);
      const service = services.get(namespace, name);
      if (service === undefined || service.metadata.deletionTimestamp !== undefined) return;
      if (service.spec.loadBalancerClass !== undefined) return;
      const wanted = addressOf(service);
      const present = service.status?.loadBalancer?.ingress?.map(({ ip }) => ip) ?? [];
      if (present.join() === wanted.join()) return;
      const loadBalancer =
        wanted.length === 0 ? null : { ingress: wanted.map((ip) => ({ ip, ipMode: 'VIP' })) };
      const patch = { status: { loadBalancer } };
      await context.kube.patch(refTo(service), { type: 'merge', patch }, { subresource: 'status' });
    },
  });
}

function addressOf({ spec: { type, clusterIP } }: Service): readonly string[] {
  return type === 'LoadBalancer' && clusterIP !== undefined && clusterIP !== '' ? [clusterIP] : [];
}
