import { StatusError, invalidObject } from '../../status.ts';
import { numberAt, objectsAt, stringAt, type JsonObject } from '../../json.ts';
import { invalid } from '../../schema/field-error.ts';
import type { ApiObject } from '../../storage/api-object.ts';

/*
 * Service addresses are loopback addresses: every pod of this cluster is a process of this machine, and the whole of
 * 127/8 answers here, so that a stable address per service needs no routing and no privileges.
 */
const NETWORK = '127.96';
const ADDRESSES = 256 * 254;
/** Of the Service `default/kubernetes`, and of no other. */
export const API_SERVER_ADDRESS = `${NETWORK}.0.1`;
const API_SERVER = 'default/kubernetes';
const NODE_PORT_FIRST = 30_000;
const NODE_PORTS = 2768;

export function hasNodePorts(spec: JsonObject): boolean {
  return spec['type'] === 'NodePort' || spec['type'] === 'LoadBalancer';
}

/**
 * Gives the service an address unless it has one or wants none. The same name gets the same address when it is free.
 * @param seed of this cluster: others on this machine are to begin elsewhere
 */
export function allocateAddress(
  spec: JsonObject,
  key: string,
  others: readonly ApiObject[],
  seed: string,
): void {
  if (spec['type'] === 'ExternalName') {
    for (const name of ['clusterIP', 'clusterIPs', 'ipFamilies', 'ipFamilyPolicy'])
      Reflect.deleteProperty(spec, name);
    return;
  }
  const taken = new Set(others.map((other) => stringAt(other, 'spec', 'clusterIP')));
  if (key !== API_SERVER) taken.add(API_SERVER_ADDRESS);
  let address = stringAt(spec, 'clusterIP') ?? '';
  if (address === '')
    address = firstFree(
      hash(seed + key),
      ADDRESSES,
      (index) => `${NETWORK}.${Math.floor(index / 254)}.${(index % 254) + 1}`,
      taken,
    );
  else if (address !== 'None' && taken.has(address)) {
    throw new StatusError(
      422,
      'Invalid',
      `Service "${key.replace(/^.*\//, '')}" is invalid: spec.clusterIPs: Invalid value: ["${address}"]: failed to allocate IP ${address}: provided IP is already allocated`,
    );
  }
  spec['clusterIP'] = address;
  spec['clusterIPs'] = [address];
  spec['ipFamilies'] ??= ['IPv4'];
  spec['ipFamilyPolicy'] ??= 'SingleStack';
}

/** Gives each port of a NodePort or LoadBalancer service a port of the node; takes them from other types. */
export function allocateNodePorts(
  spec: JsonObject,
  key: string,
  others: readonly ApiObject[],
  current: ApiObject | undefined,
): void {
  if (!hasNodePorts(spec) || spec['allocateLoadBalancerNodePorts'] === false) {
    if (current !== undefined && !hasNodePorts(spec))
      for (const port of objectsAt(spec, 'ports')) delete port['nodePort'];
    return;
  }
  const taken = new Set(
    others.flatMap((other) =>
      objectsAt(other, 'spec', 'ports').map((port) => String(numberAt(port, 'nodePort'))),
    ),
  );
  objectsAt(spec, 'ports').forEach((port, index) => {
    const wanted = numberAt(port, 'nodePort') ?? 0;
    if (wanted !== 0 && taken.has(String(wanted))) {
      throw invalidObject('', 'Service', '', [
        invalid(`spec.ports[${index}].nodePort`, wanted, 'provided port is already allocated'),
      ]);
    }
    const chosen =
      wanted === 0
        ? firstFree(hash(`${key}${index}`), NODE_PORTS, (offset) => String(NODE_PORT_FIRST + offset), taken)
        : String(wanted);
    taken.add(chosen);
    port['nodePort'] = Number(chosen);
  });
}

function firstFree(
  start: number,
  size: number,
  name: (index: number) => string,
  taken: ReadonlySet<string | undefined>,
): string {
  for (let step = 0; step < size; step++) {
    const candidate = name((start + step) % size);
    if (!taken.has(candidate)) return candidate;
  }
  throw new StatusError(500, 'InternalError', 'Internal error occurred: range is full');
}

function hash(text: string): number {
  let value = 5381;
  for (let index = 0; index < text.length; index++)
    value = (value * 33 + text.charCodeAt(index)) % 0x7fff_ffff;
  return value;
}
