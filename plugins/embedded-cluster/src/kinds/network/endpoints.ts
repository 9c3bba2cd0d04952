import { isIP } from 'node:net';
import { objectsAt, numberAt, stringAt, type JsonObject } from '../../json.ts';
import type { KindRules } from '../../registry/resource.ts';
import { invalid, required, type FieldError } from '../../schema/field-error.ts';
import { dnsLabel, dnsSubdomain, portNumber } from '../../schema/names.ts';
import { oneOf } from '../pod/validate.ts';

const DEPRECATED = 'v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice';

/** Loopback addresses are allowed, unlike elsewhere: they are those of the pods here. */
export const endpointsRules: KindRules = {
  createsOnUpdate: true,
  deprecation: DEPRECATED,

  setDefaults(endpoints) {
    for (const subset of objectsAt(endpoints, 'subsets'))
      for (const port of objectsAt(subset, 'ports')) port['protocol'] ||= 'TCP';
  },

  validate: (endpoints) =>
    objectsAt(endpoints, 'subsets').flatMap((subset, index) => validateSubset(subset, `subsets[${index}]`)),
};

function validateSubset(subset: JsonObject, path: string): readonly FieldError[] {
  const ports = objectsAt(subset, 'ports');
  const errors: FieldError[] = [];
  const lists = ['addresses', 'notReadyAddresses'];
  if (lists.every((list) => objectsAt(subset, list).length === 0))
    errors.push(required(path, 'must specify `addresses` or `notReadyAddresses`'));
  for (const list of lists) {
    objectsAt(subset, list).forEach((address, index) =>
      errors.push(...validateAddress(address, `${path}.${list}[${index}]`)),
    );
  }
  ports.forEach((port, index) =>
    errors.push(...validatePort(port, ports.length > 1, `${path}.ports[${index}]`)),
  );
  return errors;
}

function validateAddress(address: JsonObject, path: string): readonly FieldError[] {
  const [ip = '', hostname = ''] = [stringAt(address, 'ip'), stringAt(address, 'hostname')];
  const nodeName = stringAt(address, 'nodeName');
  const field = `${path}.ip`;
  const isAddress = isIP(ip) !== 0;
  return [
    ...(isAddress
      ? []
      : [invalid(field, ip, 'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)')]),
    ...(hostname === '' ? [] : dnsLabel(hostname).map((why) => invalid(`${path}.hostname`, hostname, why))),
    ...(nodeName === undefined
      ? []
      : dnsSubdomain(nodeName).map((why) => invalid(`${path}.nodeName`, nodeName, why))),
    ...(isAddress ? [] : [invalid(field, ip, 'must be a valid IP address')]), // as the real one has it
  ];
}

function validatePort(port: JsonObject, mustHaveName: boolean, path: string): readonly FieldError[] {
  const name = stringAt(port, 'name') ?? '';
  const number = numberAt(port, 'port') ?? 0;
  return [
    ...(name === '' && mustHaveName ? [required(`${path}.name`)] : []),
    ...(name === '' ? [] : dnsLabel(name).map((complaint) => invalid(`${path}.name`, name, complaint))),
    ...portNumber(number).map((complaint) => invalid(`${path}.port`, number, complaint)),
    ...oneOf(port, 'protocol', `${path}.protocol`, ['SCTP', 'TCP', 'UDP']),
  ];
}
