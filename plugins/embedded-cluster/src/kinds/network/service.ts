import { equal, isObject, numberAt, objectsAt, stringAt, type JsonObject } from '../../json.ts';
import type { KindRules } from '../../registry/resource.ts';
import {
  invalid,
  notSupported,
  required,
  duplicate,
  forbidden,
  type FieldError,
} from '../../schema/field-error.ts';
import { dns1035Label, dnsLabel, dnsSubdomain, portName, portNumber } from '../../schema/names.ts';
import { validateLabels } from '../metadata.ts';
import { oneOf } from '../pod/validate.ts';
import { specOf } from '../workloads/pod-template.ts';
import { allocateAddress, allocateNodePorts, hasNodePorts } from './service-allocation.ts';

export const serviceRules: KindRules = {
  nameRule: dns1035Label,
  resets: { object: { 'f:status': {} }, status: { 'f:spec': {} } },
  returnsDeleted: true,

  setDefaults(service) {
    const spec = specOf(service);
    spec['sessionAffinity'] ??= 'None';
    spec['type'] ??= 'ClusterIP';
    if (spec['sessionAffinity'] === 'ClientIP')
      spec['sessionAffinityConfig'] ??= { clientIP: { timeoutSeconds: 10800 } };
    for (const port of objectsAt(spec, 'ports')) {
      port['protocol'] ??= 'TCP';
      if (port['targetPort'] === 0 || port['targetPort'] === '' || port['targetPort'] === undefined)
        port['targetPort'] = port['port'];
    }
    if (hasNodePorts(spec)) spec['externalTrafficPolicy'] ??= 'Cluster';
    if (spec['type'] !== 'ExternalName') spec['internalTrafficPolicy'] ??= 'Cluster';
    if (spec['type'] === 'LoadBalancer') spec['allocateLoadBalancerNodePorts'] ??= true;
  },

  prepareCreate(service) {
    service['status'] = { loadBalancer: {} };
  },

  /** What was allocated stays when an update leaves it out, as an applied manifest does. */
  prepareUpdate(next, current) {
    const spec = specOf(next);
    const before = specOf(current);
    dropOutdated(spec, before);
    if (spec['type'] === 'ExternalName') return;
    for (const name of ['clusterIP', 'clusterIPs', 'ipFamilies', 'ipFamilyPolicy'] as const)
      spec[name] ??= before[name];
    for (const name of Object.keys(spec)) if (spec[name] === undefined) Reflect.deleteProperty(spec, name);
    if (!hasNodePorts(spec)) return;
    const old = objectsAt(before, 'ports');
    for (const port of objectsAt(spec, 'ports')) {
      const same = old.find(
        (other) => other['port'] === port['port'] && other['protocol'] === port['protocol'],
      );
      if (port['nodePort'] === undefined && same?.['nodePort'] !== undefined)
        port['nodePort'] = same['nodePort'];
    }
  },

  validate: (service) => validateService(specOf(service)),

  validateUpdate(next, current) {
    const before = stringAt(current, 'spec', 'clusterIP');
    const after = stringAt(next, 'spec', 'clusterIP');
    const keeps =
      stringAt(next, 'spec', 'type') !== 'ExternalName' &&
      stringAt(current, 'spec', 'type') !== 'ExternalName';
    return keeps && before !== undefined && after !== before
      ? [invalid('spec.clusterIPs[0]', after === undefined ? undefined : [after], 'may not change once set')]
      : [];
  },

  allocate(service, current, admission) {
    const spec = specOf(service);
    const key = `${service.metadata.namespace ?? ''}/${service.metadata.name}`;
    const others = admission
      .list('/services')
      .filter((other) => `${other.metadata.namespace ?? ''}/${other.metadata.name}` !== key);
    const seed = admission.find('/namespaces', 'kube-system')?.metadata.uid ?? '';
    allocateAddress(spec, key, others, seed);
    allocateNodePorts(spec, key, others, current);
  },
};

/** What another type does not have goes with the type, unless the update has just set it. */
function dropOutdated(spec: JsonObject, before: JsonObject): void {
  const dropSame = (...names: readonly string[]): void => {
    for (const name of names) if (equal(spec[name], before[name])) Reflect.deleteProperty(spec, name);
  };
  if (hasNodePorts(before) && !hasNodePorts(spec)) {
    const old = objectsAt(before, 'ports').map(({ nodePort }) => nodePort);
    for (const port of objectsAt(spec, 'ports')) if (old.includes(port['nodePort'])) delete port['nodePort'];
    dropSame('externalTrafficPolicy');
  }
  if (before['type'] === 'LoadBalancer' && spec['type'] !== 'LoadBalancer')
    dropSame('allocateLoadBalancerNodePorts', 'loadBalancerClass');
  if (before['type'] !== 'ExternalName' && spec['type'] === 'ExternalName') {
    dropSame('clusterIP', 'clusterIPs', 'ipFamilies', 'ipFamilyPolicy', 'internalTrafficPolicy');
  }
}

function validateService(spec: JsonObject): readonly FieldError[] {
  const type = stringAt(spec, 'type') ?? '';
  const ports = objectsAt(spec, 'ports');
  const headless = spec['clusterIP'] === 'None';
  const errors: FieldError[] = [];
  if (ports.length === 0 && !headless && type !== 'ExternalName') errors.push(required('spec.ports'));
  if (type === 'ExternalName') {
    const name = stringAt(spec, 'externalName') ?? '';
    if (name === '') errors.push(required('spec.externalName'));
    else
      errors.push(
        ...dnsSubdomain(name.replace(/\.$/, '')).map((complaint) =>
          invalid('spec.externalName', name, complaint),
        ),
      );
  }
  if (headless && hasNodePorts(spec))
    errors.push(invalid('spec.clusterIPs[0]', 'None', `may not be set to 'None' for ${type} services`));
  errors.push(...validatePorts(ports, hasNodePorts(spec)));
  if (isObject(spec['selector'])) errors.push(...validateLabels(spec['selector'], 'spec.selector'));
  errors.push(...oneOf(spec, 'sessionAffinity', 'spec.sessionAffinity', ['ClientIP', 'None']));
  if (!['ClusterIP', 'ExternalName', 'LoadBalancer', 'NodePort'].includes(type)) {
    errors.push(notSupported('spec.type', type, ['ClusterIP', 'ExternalName', 'LoadBalancer', 'NodePort']));
  }
  return errors;
}

function validatePorts(ports: readonly JsonObject[], nodePorts: boolean): readonly FieldError[] {
  const names = new Set<string>();
  const taken = new Set<string>();
  return ports.flatMap((port, index) => {
    const at = `spec.ports[${index}]`;
    const errors: FieldError[] = [];
    const name = stringAt(port, 'name') ?? '';
    if (name === '' && ports.length > 1) errors.push(required(`${at}.name`));
    if (name !== '') {
      errors.push(...dnsLabel(name).map((complaint) => invalid(`${at}.name`, name, complaint)));
      if (names.has(name)) errors.push(duplicate(`${at}.name`, name));
      names.add(name);
    }
    const number = numberAt(port, 'port') ?? 0;
    errors.push(...portNumber(number).map((complaint) => invalid(`${at}.port`, number, complaint)));
    errors.push(...oneOf(port, 'protocol', `${at}.protocol`, ['SCTP', 'TCP', 'UDP']));
    const target = port['targetPort'];
    if (typeof target === 'string')
      errors.push(...portName(target).map((complaint) => invalid(`${at}.targetPort`, target, complaint)));
    if (typeof target === 'number')
      errors.push(...portNumber(target).map((complaint) => invalid(`${at}.targetPort`, target, complaint)));
    if (!nodePorts && (numberAt(port, 'nodePort') ?? 0) !== 0)
      errors.push(forbidden(`${at}.nodePort`, "may not be used when `type` is 'ClusterIP'"));
    const id = `${number}/${String(port['protocol'])}`;
    if (taken.has(id)) errors.push(duplicate(at, { protocol: port['protocol'], port: number }));
    taken.add(id);
    return errors;
  });
}
