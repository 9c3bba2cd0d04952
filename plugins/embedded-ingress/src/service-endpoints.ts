import { isIPv6 } from 'node:net';
import type { Endpoint, EndpointSlice, Service } from '@epinio/core';
import type { ServicePortRef } from './route-claims.ts';

/** Where the instances of an application listen, or why none does. */
export interface Resolution {
  /** `address:port`, each once; IPv6 addresses in brackets. */
  readonly addresses: readonly string[];
  /** Said in error pages; undefined when there are addresses. */
  readonly problem: string | undefined;
}

/** The label by which an EndpointSlice names its Service. */
export const SERVICE_NAME_LABEL = 'kubernetes.io/service-name';

/**
 * Resolves a Service port to what is ready behind it: the port of the Service by number or name, then in each
 * of its slices the port of that name, which carries the real port of the process.
 */
export function resolveEndpoints(
  ref: ServicePortRef,
  service: Service | undefined,
  slices: readonly EndpointSlice[],
): Resolution {
  const none = (problem: string): Resolution => ({ addresses: [], problem });
  if (service === undefined) return none(`its Service "${ref.service}" does not exist`);
  if (service.spec.type === 'ExternalName') {
    return none(`its Service "${ref.service}" is an ExternalName, which is not served`);
  }
  const port = service.spec.ports?.find(({ port: number, name }) => number === ref.port || name === ref.port);
  if (port === undefined) return none(`its Service "${ref.service}" has no port ${ref.port}`);

  const found = slices.flatMap((slice) => {
    if (slice.addressType === 'FQDN') return [];
    const real = slice.ports?.find(({ name }) => (name ?? '') === (port.name ?? ''))?.port;
    return real === undefined
      ? []
      : (slice.endpoints ?? []).map((endpoint) => ({ endpoint, real, state: stateOf(endpoint) }));
  });
  const ready = found.filter(({ state }) => state === 'ready');
  // When all are on their way out, one that still serves is better than nobody, as with kube-proxy.
  const usable = ready.length > 0 ? ready : found.filter(({ state }) => state === 'serving');
  const addresses = usable.flatMap(({ endpoint, real }) =>
    endpoint.addresses.slice(0, 1).map((address) => `${isIPv6(address) ? `[${address}]` : address}:${real}`),
  );
  return addresses.length > 0
    ? { addresses: [...new Set(addresses)], problem: undefined }
    : none(whyNone(found.map(({ state }) => state)));
}

type EndpointState = 'ready' | 'serving' | 'starting' | 'stopping';

function stateOf({ conditions = {} }: Endpoint): EndpointState {
  const { ready, serving, terminating } = conditions;
  if (terminating === true) return serving === true ? 'serving' : 'stopping';
  return ready === false ? 'starting' : 'ready'; // unknown means ready (EndpointSlice API)
}

function whyNone(states: readonly EndpointState[]): string {
  const starting = states.filter((state) => state === 'starting').length;
  if (starting > 0) {
    return starting === 1
      ? 'its one instance is not ready: still starting, or failing its readiness check'
      : `none of its ${starting} instances is ready: still starting, or failing their readiness check`;
  }
  return states.length > 0 ? 'all its instances are stopping' : 'it has no running instance';
}
