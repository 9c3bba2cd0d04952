import { hasCode, type EndpointSlice, type Pod, type Service } from '@epinio/core';
import { equal } from '../../json.ts';
import {
  defineController,
  follow,
  keyOf,
  observed,
  refTo,
  splitKey,
  isAtLeast,
  type Controller,
  type ControllerContext,
} from '../machinery/controller.ts';
import { selects } from '../pods/pod-facts.ts';
import { CONTROLLER, endpointSlices, MANAGED_BY, SERVICE_NAME } from './service-slices.ts';

/** Tells where the pods of each Service can be reached. */
export function endpointSliceController(context: ControllerContext): Controller {
  const { kube, informers } = context;
  const services = informers.open<Service>({ apiVersion: 'v1', kind: 'Service' });
  const pods = informers.open<Pod>({ apiVersion: 'v1', kind: 'Pod' });
  const slices = informers.open<EndpointSlice>({ apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice' });

  return defineController(context, {
    name: 'endpointslice-controller',
    informers: [services, pods, slices],

    subscribe: (queue) => [
      follow(services, (service) => queue.add(keyOf(service))),
      follow(pods, (pod) => {
        for (const service of services.list(pod.metadata.namespace)) {
          // A pod whose labels changed is in a slice of what selected it before.
          if (selects(service, pod) || hasSlice(service, pod.metadata.name)) queue.add(keyOf(service));
        }
      }),
      follow(slices, ({ metadata }) => {
        const service = metadata.labels?.[SERVICE_NAME];
        if (service !== undefined) queue.add(`${metadata.namespace ?? ''}/${service}`);
      }),
    ],

    async sync(key, _, signal) {
      const { namespace, name } = splitKey(key);
      const service = services.get(namespace, name);
      const present = ownSlices(namespace, name);
      const wanted =
        service === undefined || service.metadata.deletionTimestamp !== undefined
          ? []
          : endpointSlices(service, pods.list(namespace));
      // Those that are ready go first: between two writes there must be somewhere to send traffic, and a pod that
      // is taken out goes on serving for a while.
      const order = [...wanted].sort((a, b) => Number(isReadySlice(b)) - Number(isReadySlice(a)));
      for (const slice of order) await write(slice, present.get(slice.metadata.name), signal);
      const names = new Set(wanted.map(({ metadata }) => metadata.name));
      for (const slice of present.values())
        if (!names.has(slice.metadata.name)) await kube.delete(refTo(slice));
    },
  });

  function ownSlices(namespace: string, service: string): Map<string, EndpointSlice> {
    const own = slices
      .list(namespace)
      .filter(
        ({ metadata: { labels } }) => labels?.[SERVICE_NAME] === service && labels[MANAGED_BY] === CONTROLLER,
      );
    return new Map(own.map((slice) => [slice.metadata.name, slice]));
  }

  function hasSlice(service: Service, pod: string): boolean {
    const { namespace = '', name } = service.metadata;
    return [...ownSlices(namespace, name).values()].some(({ endpoints = [] }) =>
      endpoints.some(({ targetRef }) => targetRef?.name === pod),
    );
  }

  async function write(
    slice: EndpointSlice,
    present: EndpointSlice | undefined,
    signal: AbortSignal,
  ): Promise<void> {
    if (present !== undefined && isSame(present, slice)) return;
    const { endpoints, ports, metadata } = slice;
    const { labels, ownerReferences } = metadata;
    const patch = { metadata: { labels, ownerReferences }, endpoints, ports };
    try {
      const written =
        present === undefined
          ? await kube.create<EndpointSlice>(slice)
          : await kube.patch<EndpointSlice>(refTo(slice), { type: 'merge', patch });
      await observed(context, slices, refTo(slice), (seen) => isAtLeast(seen, written), signal);
    } catch (error) {
      if (!hasCode(error, 'KUBE_ALREADY_EXISTS')) throw error;
      await kube.patch(refTo(slice), { type: 'merge', patch });
    }
  }
}

function isReadySlice({ endpoints = [] }: EndpointSlice): boolean {
  return endpoints.some(({ conditions }) => conditions?.ready === true);
}

function isSame(present: EndpointSlice, wanted: EndpointSlice): boolean {
  const labels = Object.entries(wanted.metadata.labels ?? {});
  return (
    equal(present.endpoints, wanted.endpoints) &&
    equal(present.ports, wanted.ports) &&
    labels.every(([name, value]) => present.metadata.labels?.[name] === value)
  );
}
