import { isObject, numberAt, objectsAt, stringAt, textOf, type JsonObject } from '../../json.ts';
import type { KindRules } from '../../registry/resource.ts';
import { forbidden, invalid, notSupported, required, type FieldError } from '../../schema/field-error.ts';
import { portName, portNumber } from '../../schema/names.ts';
import { oneOf } from '../pod/validate.ts';
import { validateSelector } from '../workloads/label-selector.ts';
import { specOf } from '../workloads/pod-template.ts';
import { isCidr } from './ip-address.ts';

const TYPES = ['Ingress', 'Egress'];
const DIRECTIONS = [
  ['ingress', 'from'],
  ['egress', 'to'],
] as const;

/** Stored and not acted on: pods are processes of one machine and reach each other. */
export const networkPolicyRules: KindRules = {
  generations: true,

  setDefaults(policy) {
    const spec = specOf(policy);
    if (!Array.isArray(spec['policyTypes']) || spec['policyTypes'].length === 0)
      spec['policyTypes'] = objectsAt(spec, 'egress').length > 0 ? TYPES : ['Ingress'];
    for (const [direction] of DIRECTIONS)
      for (const rule of objectsAt(spec, direction))
        for (const port of objectsAt(rule, 'ports')) port['protocol'] ??= 'TCP';
  },

  validate(policy) {
    const spec = specOf(policy);
    const errors: FieldError[] = [...validateSelector(spec['podSelector'], 'spec.podSelector')];
    for (const [direction, peers] of DIRECTIONS) {
      objectsAt(spec, direction).forEach((rule, index) => {
        const path = `spec.${direction}[${index}]`;
        objectsAt(rule, 'ports').forEach((port, at) =>
          errors.push(...validatePort(port, `${path}.ports[${at}]`)),
        );
        objectsAt(rule, peers).forEach((peer, at) =>
          errors.push(...validatePeer(peer, `${path}.${peers}[${at}]`)),
        );
      });
    }
    const types: readonly unknown[] = Array.isArray(spec['policyTypes']) ? spec['policyTypes'] : [];
    if (types.length > TYPES.length)
      return [...errors, invalid('spec.policyTypes', types, 'may not specify more than two policyTypes')];
    types.forEach((type, index) => {
      if (!TYPES.includes(String(type))) errors.push(notSupported(`spec.policyTypes[${index}]`, type, TYPES));
    });
    return errors;
  },
};

function validatePort(port: JsonObject, path: string): readonly FieldError[] {
  const errors: FieldError[] = [...oneOf(port, 'protocol', `${path}.protocol`, ['TCP', 'UDP', 'SCTP'])];
  const number = port['port'];
  const end = numberAt(port, 'endPort');
  if (number === undefined)
    return end === undefined
      ? errors
      : [...errors, invalid(`${path}.endPort`, end, 'may not be specified when `port` is not specified')];
  if (typeof number !== 'number') {
    if (end !== undefined)
      errors.push(invalid(`${path}.endPort`, end, 'may not be specified when `port` is non-numeric'));
    return [
      ...errors,
      ...portName(textOf(number)).map((complaint) => invalid(`${path}.port`, number, complaint)),
    ];
  }
  errors.push(...portNumber(number).map((complaint) => invalid(`${path}.port`, number, complaint)));
  if (end === undefined) return errors;
  if (end < number)
    errors.push(invalid(`${path}.endPort`, number, 'must be greater than or equal to `port`'));
  return [...errors, ...portNumber(end).map((complaint) => invalid(`${path}.endPort`, end, complaint))];
}

function validatePeer(peer: JsonObject, path: string): readonly FieldError[] {
  const given = ['podSelector', 'namespaceSelector', 'ipBlock'].filter((name) => isObject(peer[name]));
  if (given.length === 0) return [required(path, 'must specify a peer')];
  const errors: FieldError[] = [];
  for (const name of ['podSelector', 'namespaceSelector'])
    errors.push(...validateSelector(peer[name], `${path}.${name}`));
  const block = peer['ipBlock'];
  if (!isObject(block)) return errors;
  if (given.length > 1) errors.push(forbidden(path, 'may not specify both ipBlock and another peer'));
  const cidr = stringAt(block, 'cidr') ?? '';
  if (cidr === '') return [...errors, required(`${path}.ipBlock.cidr`)];
  const wrong = 'must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)';
  if (!isCidr(cidr)) errors.push(invalid(`${path}.ipBlock.cidr`, cidr, wrong));
  const except: readonly unknown[] = Array.isArray(block['except']) ? block['except'] : [];
  except.forEach((range, index) => {
    if (!isCidr(String(range))) errors.push(invalid(`${path}.ipBlock.except[${index}]`, range, wrong));
  });
  return errors;
}
