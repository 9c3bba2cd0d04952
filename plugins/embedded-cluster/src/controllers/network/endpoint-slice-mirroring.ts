import { hasCode, type EndpointSlice, type Service } from '@epinio/core';
import { equal } from '../../json.ts';
import {
  defineController,
  follow,
  isAtLeast,
  keyOf,
  observed,
  refTo,
  splitKey,
  type Controller,
  type ControllerContext,
} from '../machinery/controller.ts';
import { LEADER, MAX_ADDRESSES, type Endpoints } from './endpoints-object.ts';
import { mirroredSlices, MIRRORING } from './mirrored-slices.ts';
import { MANAGED_BY, SERVICE_NAME } from './service-slices.ts';

const SKIP = 'endpointslice.kubernetes.io/skip-mirror';

/** Copies Endpoints that somebody wrote for a Service without a selector into EndpointSlices, which is what is read. */
export function endpointSliceMirroring(context: ControllerContext): Controller {
  const { kube, informers } = context;
  const services = informers.open<Service>({ apiVersion: 'v1', kind: 'Service' });
  const endpoints = informers.open<Endpoints>({ apiVersion: 'v1', kind: 'Endpoints' });
  const slices = informers.open<EndpointSlice>({ apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice' });

  return defineController(context, {
    name: 'endpoint-slice-mirroring-controller',
    informers: [services, endpoints, slices],

    subscribe: (queue) => [
      follow(services, (service) => queue.add(keyOf(service))),
      follow(endpoints, (object) => queue.add(keyOf(object))),
      follow(slices, ({ metadata: { namespace = '', labels = {} } }) => {
        const service = labels[SERVICE_NAME];
        if (service !== undefined && labels[MANAGED_BY] === MIRRORING) queue.add(`${namespace}/${service}`);
      }),
    ],

    async sync(key, { events }, signal) {
      const { namespace, name } = splitKey(key);
      const source = endpoints.get(namespace, name);
      const { slices: wanted, skipped } =
        source !== undefined && isMirrored(source, services.get(namespace, name))
          ? mirroredSlices(source)
          : { slices: [], skipped: 0 };
      if (source !== undefined && skipped > 0) {
        const message = `A max of ${MAX_ADDRESSES} addresses can be mirrored to EndpointSlices per Endpoints subset. ${skipped} addresses were skipped`;
        events.event(source, 'Warning', 'TooManyAddressesToMirror', message);
      }
      for (const slice of wanted) await write(slice, signal);
      const names = new Set(wanted.map(({ metadata }) => metadata.name));
      for (const slice of slices.list(namespace)) {
        const { labels = {}, name: own } = slice.metadata;
        if (labels[SERVICE_NAME] === name && labels[MANAGED_BY] === MIRRORING && !names.has(own))
          await kube.delete(refTo(slice));
      }
    },
  });

  async function write(slice: EndpointSlice, signal: AbortSignal): Promise<void> {
    const { metadata, endpoints: members, ports } = slice;
    const { labels, annotations = {}, ownerReferences } = metadata;
    const present = slices.get(metadata.namespace, metadata.name);
    const before = present?.metadata ?? metadata;
    const same =
      present !== undefined &&
      equal(present.endpoints ?? [], members ?? []) &&
      equal([before.labels, before.annotations ?? {}], [labels, annotations]) &&
      before.ownerReferences?.[0]?.uid === ownerReferences?.[0]?.uid;
    if (same) return;
    const gone = (all: Readonly<Record<string, string>> = {}): object =>
      Object.fromEntries(Object.keys(all).map((name) => [name, null]));
    const patch = {
      metadata: {
        labels: { ...gone(before.labels), ...labels },
        annotations: { ...gone(before.annotations), ...annotations },
        ownerReferences,
      },
      endpoints: members,
      ports,
    };
    try {
      const written =
        present === undefined
          ? await kube.create(slice)
          : await kube.patch<EndpointSlice>(refTo(slice), { type: 'merge', patch });
      await observed(context, slices, refTo(slice), (seen) => isAtLeast(seen, written), signal);
    } catch (error) {
      if (!hasCode(error, 'KUBE_ALREADY_EXISTS')) throw error;
      await kube.patch(refTo(slice), { type: 'merge', patch });
    }
  }
}

function isMirrored({ metadata }: Endpoints, service: Service | undefined): boolean {
  return (
    service !== undefined &&
    Object.keys(service.spec.selector ?? {}).length === 0 &&
    metadata.labels?.[SKIP] !== 'true' &&
    metadata.annotations?.[LEADER] === undefined &&
    metadata.deletionTimestamp === undefined
  );
}
