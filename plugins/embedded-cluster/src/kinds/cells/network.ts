import { at, isObject, numberAt, objectsAt, stringAt } from '../../json.ts';
import type { ApiObject } from '../../storage/api-object.ts';
import { selectorText } from '../workloads/label-selector.ts';
import { age } from './age.ts';
import { labelsText } from './labels.ts';

/** Type, Cluster-IP, External-IP, Port(s), Age, Selector. */
export function serviceCells(service: ApiObject, now: number): readonly unknown[] {
  const type = stringAt(service, 'spec', 'type') ?? '';
  const ports = objectsAt(service, 'spec', 'ports').map((port) => {
    const node = numberAt(port, 'nodePort') ?? 0;
    return `${numberAt(port, 'port') ?? 0}${node > 0 ? `:${node}` : ''}/${stringAt(port, 'protocol') ?? 'TCP'}`;
  });
  const selector = at(service, 'spec', 'selector');
  return [
    type,
    stringAt(service, 'spec', 'clusterIP') ?? '<none>',
    externalAddress(service, type),
    ports.length === 0 ? '<none>' : ports.join(','),
    age(service.metadata.creationTimestamp, now),
    isObject(selector) ? labelsText(selector) : '<none>',
  ];
}

function externalAddress(service: ApiObject, type: string): string {
  const external = at(service, 'spec', 'externalIPs');
  const listed = Array.isArray(external) ? external.map(String) : [];
  if (type === 'ExternalName') return stringAt(service, 'spec', 'externalName') ?? '';
  if (type === 'LoadBalancer') {
    const addresses = [...loadBalancerAddresses(service), ...listed];
    return addresses.length === 0 ? '<pending>' : addresses.join(',');
  }
  return listed.length === 0 ? '<none>' : listed.join(',');
}

function loadBalancerAddresses(object: ApiObject): readonly string[] {
  return objectsAt(object, 'status', 'loadBalancer', 'ingress').flatMap(
    (entry) => stringAt(entry, 'ip') ?? stringAt(entry, 'hostname') ?? [],
  );
}

/** Class, Hosts, Address, Ports, Age. */
export function ingressCells(ingress: ApiObject, now: number): readonly unknown[] {
  const hosts = objectsAt(ingress, 'spec', 'rules').flatMap((rule) => stringAt(rule, 'host') ?? []);
  const shown =
    hosts.length > 3 ? `${hosts.slice(0, 3).join(',')} + ${hosts.length - 3} more...` : hosts.join(',');
  return [
    stringAt(ingress, 'spec', 'ingressClassName') ?? '<none>',
    shown === '' ? '*' : shown,
    loadBalancerAddresses(ingress).join(','),
    objectsAt(ingress, 'spec', 'tls').length > 0 ? '80, 443' : '80',
    age(ingress.metadata.creationTimestamp, now),
  ];
}

/** Controller, Parameters, Age. */
export function ingressClassCells(ingressClass: ApiObject, now: number): readonly unknown[] {
  const parameters = at(ingressClass, 'spec', 'parameters');
  const group = stringAt(parameters, 'apiGroup');
  const kind = `${stringAt(parameters, 'kind') ?? ''}${group === undefined ? '' : `.${group}`}`;
  return [
    stringAt(ingressClass, 'spec', 'controller') ?? '',
    isObject(parameters) ? `${kind}/${stringAt(parameters, 'name') ?? ''}` : '<none>',
    age(ingressClass.metadata.creationTimestamp, now),
  ];
}

/** AddressType, Ports, Endpoints, Age. */
export function endpointSliceCells(slice: ApiObject, now: number): readonly unknown[] {
  const ports = objectsAt(slice, 'ports').map((port) => {
    const number = numberAt(port, 'port');
    return number === undefined ? stringAt(port, 'name') || '*' : String(number);
  });
  const addresses = objectsAt(slice, 'endpoints').flatMap((endpoint) => {
    const list = endpoint['addresses'];
    return Array.isArray(list) ? list.map(String) : [];
  });
  return [
    stringAt(slice, 'addressType') ?? '',
    few(ports, slice['ports'] === undefined ? '*' : '<unset>'),
    few(addresses, '<unset>'),
    age(slice.metadata.creationTimestamp, now),
  ];
}

function few(values: readonly string[], none: string): string {
  if (values.length === 0) return none;
  return values.length > 3
    ? `${values.slice(0, 3).join(',')} + ${values.length - 3} more...`
    : values.join(',');
}

/** Endpoints, Age. */
export function endpointsCells(endpoints: ApiObject, now: number): readonly unknown[] {
  const addresses = objectsAt(endpoints, 'subsets').flatMap((subset) => {
    const hosts = objectsAt(subset, 'addresses').map(({ ip }) => String(ip));
    const ports = objectsAt(subset, 'ports');
    if (ports.length === 0) return hosts;
    return ports.flatMap(({ port }) =>
      hosts.map((host) => `${host.includes(':') ? `[${host}]` : host}:${String(port)}`),
    );
  });
  const none = objectsAt(endpoints, 'subsets').length === 0 ? '<none>' : '';
  return [few(addresses, none), age(endpoints.metadata.creationTimestamp, now)];
}

/** Pod-Selector, Age. */
export function networkPolicyCells(policy: ApiObject, now: number): readonly unknown[] {
  const selector = selectorText(at(policy, 'spec', 'podSelector'));
  return [selector || '<none>', age(policy.metadata.creationTimestamp, now)];
}
