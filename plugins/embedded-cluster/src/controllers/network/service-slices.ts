import { createHash } from 'node:crypto';
import type { Endpoint, EndpointSlice, Pod, Service } from '@epinio/core';
import { controllerReference } from '../machinery/ownership.ts';
import { isFinished, isReady, selects } from '../pods/pod-facts.ts';
import { targetPort } from './target-port.ts';

export const SERVICE_NAME = 'kubernetes.io/service-name';
export const MANAGED_BY = 'endpointslice.kubernetes.io/managed-by';
export const CONTROLLER = 'endpointslice-controller.k8s.io';
/** Says that a Service has no address of its own. */
export const HEADLESS = 'service.kubernetes.io/headless';

/**
 * The EndpointSlices of a Service: one for each pod that it selects. The ports of a slice go for all of its
 * endpoints, and pods here have the same address and a port each, so only a slice of its own says what is true;
 * consumers read all slices of a Service together. Pure.
 */
export function endpointSlices(service: Service, pods: readonly Pod[]): readonly EndpointSlice[] {
  if (service.spec.type === 'ExternalName') return [];
  return pods
    .filter((pod) => selects(service, pod))
    .filter((pod) => pod.status?.podIP !== undefined && !isFinished(pod))
    .map((pod) => slice(service, pod));
}

/** Stable, so that a slice that was written and not seen is written over, not beside. */
export function sliceName(service: Service, pod: Pod): string {
  const hash = createHash('sha256')
    .update(pod.metadata.uid ?? pod.metadata.name)
    .digest('hex')
    .slice(0, 10);
  return `${service.metadata.name.slice(0, 52)}-${hash}`;
}

function slice(service: Service, pod: Pod): EndpointSlice {
  const { namespace = '', name, labels = {} } = service.metadata;
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      namespace,
      name: sliceName(service, pod),
      labels: {
        ...labels,
        [SERVICE_NAME]: name,
        [MANAGED_BY]: CONTROLLER,
        ...(service.spec.clusterIP === 'None' ? { [HEADLESS]: '' } : {}),
      },
      ownerReferences: [controllerReference(service)],
    },
    addressType: 'IPv4',
    endpoints: [endpoint(service, pod)],
    ports: (service.spec.ports ?? []).flatMap((port) => {
      const number = targetPort(port, pod);
      const { name: portName = '', protocol = 'TCP', appProtocol } = port;
      return number === undefined
        ? []
        : [{ name: portName, port: number, protocol, ...(appProtocol === undefined ? {} : { appProtocol }) }];
    }),
  };
}

function endpoint(service: Service, pod: Pod): Endpoint {
  const serving = isReady(pod) || service.spec.publishNotReadyAddresses === true;
  const terminating = pod.metadata.deletionTimestamp !== undefined;
  const { namespace = '', name, uid = '' } = pod.metadata;
  const { hostname, nodeName, subdomain } = pod.spec;
  return {
    addresses: [(pod.status as { podIP: string }).podIP],
    conditions: {
      ready: serving && (!terminating || service.spec.publishNotReadyAddresses === true),
      serving,
      terminating,
    },
    ...(nodeName === undefined ? {} : { nodeName }),
    ...(hostname !== undefined && subdomain === service.metadata.name ? { hostname } : {}),
    targetRef: { kind: 'Pod', namespace, name, uid },
  };
}
