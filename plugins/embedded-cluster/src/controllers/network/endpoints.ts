import { hasCode, messageOf, type Pod, type Service } from '@epinio/core';
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
  type ControllerParts,
} from '../machinery/controller.ts';
import { selects } from '../pods/pod-facts.ts';
import { LEADER, OVER_CAPACITY, TRIGGER_TIME, type Endpoints } from './endpoints-object.ts';
import { HEADLESS } from './service-slices.ts';
import { repacked, subsetsOf, truncated } from './subsets.ts';
import { TriggerTimes } from './trigger-time.ts';

const NAME = 'endpoint-controller';
const MANAGED_BY = 'endpoints.kubernetes.io/managed-by';

/**
 * Says in core/v1 Endpoints where each Service with a selector leads, for clients that read no EndpointSlices. Those of
 * a Service without a selector are left to whoever wrote them, until the Service goes.
 */
export function endpointsController(context: ControllerContext): Controller {
  const { kube, informers } = context;
  const services = informers.open<Service>({ apiVersion: 'v1', kind: 'Service' });
  const pods = informers.open<Pod>({ apiVersion: 'v1', kind: 'Pod' });
  const endpoints = informers.open<Endpoints>({ apiVersion: 'v1', kind: 'Endpoints' });
  const triggers = new TriggerTimes();

  return defineController(context, {
    name: NAME,
    informers: [services, pods, endpoints],

    subscribe: (queue) => [
      follow(services, (service) => queue.add(keyOf(service))),
      follow(pods, (pod) => {
        for (const service of services.list(pod.metadata.namespace)) {
          // A pod whose labels changed is an address of what selected it before.
          if (selects(service, pod) || leadsTo(service, pod)) queue.add(keyOf(service));
        }
      }),
      // At the beginning those whose Service went meanwhile; later on only ones that somebody removed.
      (() => {
        for (const object of endpoints.list())
          if (object.metadata.annotations?.[LEADER] === undefined) queue.add(keyOf(object));
        return endpoints.subscribe(({ type, object }) => {
          if (type === 'deleted') queue.add(keyOf(object));
        });
      })(),
    ],

    async sync(key, { events }, signal) {
      const { namespace, name } = splitKey(key);
      const service = services.get(namespace, name);
      const present = endpoints.get(namespace, name);
      if (service === undefined) {
        triggers.forget(key);
        if (present !== undefined) await kube.delete(refTo(present));
        return;
      }
      const { type, selector = {} } = service.spec;
      if (type === 'ExternalName' || Object.keys(selector).length === 0) return;
      const selected = pods.list(namespace).filter((pod) => selects(service, pod));
      const triggered = triggers.next(key, service, selected);
      const subsets = subsetsOf(service, selected);
      if (present !== undefined && isSame(present, service, subsets)) return;
      await write(service, present, wanted(service, present, { subsets, triggered }), events, signal);
    },
  });

  function leadsTo({ metadata }: Service, pod: Pod): boolean {
    const { subsets = [] } = endpoints.get(metadata.namespace, metadata.name) ?? {};
    return subsets
      .flatMap(({ addresses = [], notReadyAddresses = [] }) => [...addresses, ...notReadyAddresses])
      .some(({ targetRef }) => targetRef?.name === pod.metadata.name);
  }

  async function write(
    service: Service,
    present: Endpoints | undefined,
    next: Endpoints,
    events: ControllerParts['events'],
    signal: AbortSignal,
  ): Promise<void> {
    try {
      const written = present === undefined ? await kube.create(next) : await replace(present, next);
      await observed(context, endpoints, refTo(next), (seen) => isAtLeast(seen, written), signal);
    } catch (error) {
      if (hasCode(error, 'KUBE_CONFLICT')) throw error;
      const at = `${service.metadata.namespace ?? ''}/${service.metadata.name}`;
      if (present === undefined) {
        const message = `Failed to create endpoint for service ${at}: ${messageOf(error)}`;
        events.event(next, 'Warning', 'FailedToCreateEndpoint', message);
      } else {
        events.event(
          next,
          'Warning',
          'FailedToUpdateEndpoint',
          `Failed to update endpoint ${at}: ${messageOf(error)}`,
        );
      }
      throw error;
    }
  }

  async function replace(present: Endpoints, next: Endpoints): Promise<Endpoints> {
    const { resourceVersion, labels = {}, annotations = {} } = present.metadata;
    const metadata = {
      resourceVersion,
      labels: replacing(labels, next.metadata.labels ?? {}),
      annotations: replacing(annotations, next.metadata.annotations ?? {}),
    };
    const patch = { metadata, subsets: next.subsets ?? null };
    return await kube.patch<Endpoints>(refTo(next), { type: 'merge', patch });
  }
}

interface Found {
  readonly subsets: NonNullable<Endpoints['subsets']>;
  readonly triggered: string | undefined;
}

function wanted(service: Service, present: Endpoints | undefined, { subsets, triggered }: Found): Endpoints {
  const { namespace = '', name, labels = {} } = service.metadata;
  const { [TRIGGER_TIME]: _time, [OVER_CAPACITY]: _capacity, ...kept } = present?.metadata.annotations ?? {};
  const cut = truncated(subsets);
  const headless = service.spec.clusterIP === 'None' || (service.spec.clusterIP ?? '') === '';
  const { [HEADLESS]: _headless, ...given } = labels;
  const annotations = {
    ...kept,
    ...(triggered === undefined ? {} : { [TRIGGER_TIME]: triggered }),
    ...(cut === undefined ? {} : { [OVER_CAPACITY]: 'truncated' }),
  };
  return {
    apiVersion: 'v1',
    kind: 'Endpoints',
    metadata: {
      ...{ namespace, name },
      labels: { ...given, [MANAGED_BY]: NAME, ...(headless ? { [HEADLESS]: '' } : {}) },
      ...(Object.keys(annotations).length === 0 ? {} : { annotations }),
    },
    ...((cut ?? subsets).length === 0 ? {} : { subsets: cut ?? subsets }),
  };
}

/** Whether there is nothing to write. Endpoints that had to be cut are written whenever they are looked at. */
function isSame(present: Endpoints, service: Service, subsets: NonNullable<Endpoints['subsets']>): boolean {
  const { labels = {}, annotations = {} } = present.metadata;
  const own = [HEADLESS, MANAGED_BY];
  const copied = (all: Readonly<Record<string, string>>): Record<string, string> =>
    Object.fromEntries(Object.entries(all).filter(([name]) => !own.includes(name)));
  return (
    labels[MANAGED_BY] === NAME &&
    equal(copied(labels), copied(service.metadata.labels ?? {})) &&
    annotations[OVER_CAPACITY] === undefined &&
    equal(repacked(present.subsets ?? []), subsets)
  );
}

/** A merge patch of a map that leaves nothing of what is not wanted. */
function replacing(
  present: Readonly<Record<string, string>>,
  next: Readonly<Record<string, string>>,
): Readonly<Record<string, string | null>> {
  const gone = Object.keys(present).filter((name) => next[name] === undefined);
  return { ...next, ...Object.fromEntries(gone.map((name) => [name, null])) };
}
