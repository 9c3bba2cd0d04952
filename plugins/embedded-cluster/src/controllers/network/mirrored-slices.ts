import { createHash } from 'node:crypto';
import { isIP } from 'node:net';
import type { Endpoint, EndpointSlice } from '@epinio/core';
import { controllerReference } from '../machinery/ownership.ts';
import { MAX_ADDRESSES, TRIGGER_TIME, type EndpointAddress, type Endpoints } from './endpoints-object.ts';
import { MANAGED_BY, SERVICE_NAME } from './service-slices.ts';
import { repacked } from './subsets.ts';

export const MIRRORING = 'endpointslicemirroring-controller.k8s.io';
const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';

/** EndpointSlices that say what Endpoints say, and how many addresses had no room in them. */
export interface Mirrored {
  readonly slices: readonly EndpointSlice[];
  readonly skipped: number;
}

/** One slice for each set of ports and family of addresses. Names are stable, so a second run writes nothing new. Pure. */
export function mirroredSlices(endpoints: Endpoints): Mirrored {
  let skipped = 0;
  const slices = repacked(endpoints.subsets ?? []).flatMap((subset) => {
    const { addresses = [], notReadyAddresses = [], ports = [] } = subset;
    const all = [
      ...addresses.map((address) => endpointOf(address, true)),
      ...notReadyAddresses.map((address) => endpointOf(address, false)),
    ];
    const taken = all.slice(0, MAX_ADDRESSES);
    skipped += all.length - taken.length;
    const slicePorts = ports.map(({ name = '', ...port }) => ({ name, ...port }));
    return (['IPv4', 'IPv6'] as const).flatMap((addressType) => {
      const family = taken.filter(
        ({ addresses: [ip = ''] }) => isIP(ip) === (addressType === 'IPv4' ? 4 : 6),
      );
      return family.length === 0 ? [] : [sliceOf(endpoints, addressType, slicePorts, family)];
    });
  });
  return { slices, skipped };
}

function endpointOf({ ip, nodeName, hostname, targetRef }: EndpointAddress, ready: boolean): Endpoint {
  return {
    addresses: [ip],
    conditions: { ready },
    ...(targetRef === undefined ? {} : { targetRef }),
    ...(nodeName === undefined ? {} : { nodeName }),
    ...(hostname === undefined ? {} : { hostname }),
  };
}

function sliceOf(
  endpoints: Endpoints,
  addressType: 'IPv4' | 'IPv6',
  ports: NonNullable<EndpointSlice['ports']>,
  members: readonly Endpoint[],
): EndpointSlice {
  const { namespace = '', name, labels = {}, annotations = {} } = endpoints.metadata;
  const { [TRIGGER_TIME]: _time, [LAST_APPLIED]: _applied, ...copied } = annotations;
  const hash = createHash('sha256')
    .update(JSON.stringify([addressType, ports]))
    .digest('hex')
    .slice(0, 5);
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      namespace,
      name: `${name.slice(0, 247)}-${hash}`,
      labels: { ...labels, [SERVICE_NAME]: name, [MANAGED_BY]: MIRRORING },
      ...(Object.keys(copied).length === 0 ? {} : { annotations: copied }),
      ownerReferences: [controllerReference(endpoints)],
    },
    addressType,
    endpoints: members,
    ports,
  };
}
