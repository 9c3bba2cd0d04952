import type { Endpoint, EndpointSlice, Service, ServicePort } from '@epinio/core';

/** Where a connection can go on to. */
export interface Target {
  readonly address: string;
  readonly port: number;
}

/** An address that clients connect to, and what is behind it. */
export interface Frontend {
  readonly address: string;
  readonly port: number;
  readonly targets: readonly Target[];
  /** How long a client stays with its target; absent: every connection goes its own way. */
  readonly affinityMs?: number;
}

/**
 * The addresses of a Service: its own for each of its TCP ports, and the node's for each node port. Those without
 * an endpoint are left out: where nobody listens, the kernel refuses at once. Pure.
 */
export function serviceFrontends(
  service: Service,
  slices: readonly EndpointSlice[],
  nodePortAddress: string,
): readonly Frontend[] {
  const { clusterIP, ports = [], type, sessionAffinity, sessionAffinityConfig } = service.spec;
  if (type === 'ExternalName' || clusterIP === undefined || clusterIP === '' || clusterIP === 'None')
    return [];
  const seconds = sessionAffinityConfig?.clientIP?.timeoutSeconds ?? 10_800;
  const affinity = sessionAffinity === 'ClientIP' ? { affinityMs: seconds * 1000 } : {};
  return ports.filter(isTcp).flatMap((port) => {
    const targets = portTargets(port, slices);
    if (targets.length === 0) return [];
    const own = { address: clusterIP, port: port.port, targets, ...affinity };
    return port.nodePort === undefined || port.nodePort === 0
      ? [own]
      : [own, { ...own, address: nodePortAddress, port: port.nodePort }];
  });
}

/** Ports that this proxy has no way for. */
export function unservedPorts({ spec }: Service): readonly ServicePort[] {
  return spec.type === 'ExternalName' || spec.clusterIP === 'None'
    ? []
    : (spec.ports ?? []).filter((port) => !isTcp(port));
}

/** Ready endpoints; when there are none, those that go on serving while they end. */
function portTargets({ name = '' }: ServicePort, slices: readonly EndpointSlice[]): readonly Target[] {
  const all = slices.flatMap(({ endpoints = [], ports = [] }) =>
    ports
      .filter((port) => (port.name ?? '') === name && (port.protocol ?? 'TCP') === 'TCP')
      .flatMap(({ port = 0 }) => endpoints.map((endpoint) => ({ endpoint, port }))),
  );
  const ready = all.filter(({ endpoint: { conditions } }) => conditions?.ready !== false);
  const chosen = ready.length > 0 ? ready : all.filter(({ endpoint }) => isEnding(endpoint));
  const targets = chosen.flatMap(({ endpoint: { addresses }, port }) =>
    addresses.slice(0, 1).map((address) => [`${address}:${port}`, { address, port }] as const),
  );
  return [...new Map(targets).values()]; // while slices change, a pod can be in two
}

function isEnding({ conditions }: Endpoint): boolean {
  return conditions?.serving === true && conditions.terminating === true;
}

function isTcp({ protocol = 'TCP' }: ServicePort): boolean {
  return protocol === 'TCP';
}
