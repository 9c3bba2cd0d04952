import type { Pod, Service } from '@epinio/core';
import { isFinished, isReady, selects } from '../pods/pod-facts.ts';
import {
  MAX_ADDRESSES,
  type EndpointAddress,
  type EndpointPort,
  type EndpointSubset,
} from './endpoints-object.ts';
import { targetPort } from './target-port.ts';

/** The subsets of the Endpoints of a Service: what its pods listen on, ready or not. Pure. */
export function subsetsOf(service: Service, pods: readonly Pod[]): readonly EndpointSubset[] {
  const { ports = [], publishNotReadyAddresses: early = false, clusterIP } = service.spec;
  const single = pods
    .filter((pod) => selects(service, pod) && pod.status?.podIP !== undefined && !isFinished(pod))
    .filter((pod) => early || pod.metadata.deletionTimestamp === undefined)
    .flatMap((pod): readonly EndpointSubset[] => {
      const found = ports.flatMap((port): readonly EndpointPort[] => {
        const number = targetPort(port, pod);
        if (number === undefined) return [];
        const { name = '', protocol = 'TCP', appProtocol } = port;
        return [
          {
            ...(name === '' ? {} : { name }),
            ...{ port: number, protocol },
            ...(appProtocol === undefined ? {} : { appProtocol }),
          },
        ];
      });
      const portless = ports.length === 0 && clusterIP === 'None';
      if (found.length === 0 && !portless) return [];
      const addresses = [addressOf(service, pod)];
      return [{ [early || isReady(pod) ? 'addresses' : 'notReadyAddresses']: addresses, ports: found }];
    });
  return repacked(single);
}

function addressOf(service: Service, pod: Pod): EndpointAddress {
  const { namespace = '', name, uid = '' } = pod.metadata;
  const { hostname, nodeName, subdomain } = pod.spec;
  return {
    ip: (pod.status as { podIP: string }).podIP,
    ...(nodeName === undefined ? {} : { nodeName }),
    ...(hostname !== undefined && subdomain === service.metadata.name ? { hostname } : {}),
    targetRef: { kind: 'Pod', namespace, name, uid },
  };
}

interface Member {
  readonly address: EndpointAddress;
  ready: boolean;
}

/** The same said with as few subsets as it takes, in an order that does not change. An address that is not ready once is not ready. */
export function repacked(subsets: readonly EndpointSubset[]): readonly EndpointSubset[] {
  const byPort = new Map<string, Map<string, Member>>();
  for (const { addresses = [], notReadyAddresses = [], ports = [] } of subsets) {
    for (const port of ports.length === 0 ? [''] : ports.map(portKey)) {
      const members = byPort.get(port) ?? new Map<string, Member>();
      byPort.set(port, members);
      for (const address of addresses) {
        const key = addressKey(address);
        if (!members.has(key)) members.set(key, { address, ready: true });
      }
      for (const address of notReadyAddresses) members.set(addressKey(address), { address, ready: false });
    }
  }
  const groups = new Map<string, { readonly members: readonly Member[]; readonly ports: string[] }>();
  for (const port of [...byPort.keys()].sort()) {
    const sorted = [...(byPort.get(port) ?? [])].sort(([a], [b]) => (a < b ? -1 : 1));
    const key = sorted.map(([address, { ready }]) => `${address} ${String(ready)}`).join('\n');
    const group = groups.get(key) ?? { members: sorted.map(([, member]) => member), ports: [] };
    groups.set(key, group);
    if (port !== '') group.ports.push(port);
  }
  return [...groups.values()].map(({ members, ports }) => subsetOf(members, ports));
}

function subsetOf(members: readonly Member[], ports: readonly string[]): EndpointSubset {
  const of = (wanted: boolean): readonly EndpointAddress[] =>
    members.filter(({ ready }) => ready === wanted).map(({ address }) => address);
  const [addresses, notReadyAddresses] = [of(true), of(false)];
  return {
    ...(addresses.length === 0 ? {} : { addresses }),
    ...(notReadyAddresses.length === 0 ? {} : { notReadyAddresses }),
    ...(ports.length === 0 ? {} : { ports: ports.map(portOf) }),
  };
}

function addressKey({ ip, targetRef }: EndpointAddress): string {
  return `${ip} ${targetRef?.uid ?? ''}`;
}

function portKey({ name = '', port, protocol = 'TCP', appProtocol = '' }: EndpointPort): string {
  return JSON.stringify([name, port, protocol, appProtocol]);
}

function portOf(key: string): EndpointPort {
  const [name, port, protocol, appProtocol] = JSON.parse(key) as [string, number, string, string];
  return {
    ...(name === '' ? {} : { name }),
    ...{ port, protocol },
    ...(appProtocol === '' ? {} : { appProtocol }),
  };
}

/**
 * No more addresses than Endpoints may have: of each subset as large a part as it is of the whole, those that are not
 * ready only where those that are ready leave room.
 * @returns undefined when there are not too many
 */
export function truncated(subsets: readonly EndpointSubset[]): readonly EndpointSubset[] | undefined {
  const count = (of: 'addresses' | 'notReadyAddresses'): number =>
    subsets.reduce((sum, subset) => sum + (subset[of]?.length ?? 0), 0);
  const [ready, notReady] = [count('addresses'), count('notReadyAddresses')];
  if (ready + notReady <= MAX_ADDRESSES) return undefined;
  const cutsReady = ready > MAX_ADDRESSES;
  const room = cutsReady ? MAX_ADDRESSES : MAX_ADDRESSES - ready;
  const field = cutsReady ? 'addresses' : 'notReadyAddresses';
  const total = cutsReady ? ready : notReady;
  let left = room;
  return subsets
    .map((subset): EndpointSubset => {
      const { addresses = [], notReadyAddresses = [], ports } = subset;
      const all = subset[field] ?? [];
      const taken = all.slice(0, Math.min(left, Math.ceil((all.length / total) * room)));
      left -= taken.length;
      const [kept, waiting] = cutsReady
        ? [taken, []]
        : [addresses, notReadyAddresses.length === 0 ? [] : taken];
      return {
        ...(kept.length === 0 ? {} : { addresses: kept }),
        ...(waiting.length === 0 ? {} : { notReadyAddresses: waiting }),
        ...(ports === undefined ? {} : { ports }),
      };
    })
    .filter(({ addresses, notReadyAddresses }) => addresses !== undefined || notReadyAddresses !== undefined);
}
