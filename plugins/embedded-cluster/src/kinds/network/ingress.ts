import { isObject, objectsAt, stringAt, type JsonObject } from '../../json.ts';
import type { KindRules } from '../../registry/resource.ts';
import { invalid, notSupported, required, type FieldError } from '../../schema/field-error.ts';
import { dns1035Label, dnsSubdomain } from '../../schema/names.ts';
import { specOf } from '../workloads/pod-template.ts';

const DEFAULT_CLASS = 'ingressclass.kubernetes.io/is-default-class';
const OLD_CLASS = 'kubernetes.io/ingress.class';

export const ingressRules: KindRules = {
  generations: true,
  resets: { object: { 'f:status': {} }, status: { 'f:spec': {} } },

  prepareCreate(ingress, admission) {
    ingress['status'] = { loadBalancer: {} };
    const spec = specOf(ingress);
    if (spec['ingressClassName'] !== undefined || ingress.metadata.annotations?.[OLD_CLASS] !== undefined)
      return;
    const [byDefault] = admission
      .list('networking.k8s.io/ingressclasses')
      .filter((ingressClass) => ingressClass.metadata.annotations?.[DEFAULT_CLASS] === 'true');
    if (byDefault !== undefined) spec['ingressClassName'] = byDefault.metadata.name;
  },

  validate(ingress) {
    const spec = specOf(ingress);
    const rules = objectsAt(spec, 'rules');
    const errors: FieldError[] = [];
    if (rules.length === 0 && spec['defaultBackend'] === undefined) {
      errors.push(invalid('spec', [], 'either `defaultBackend` or `rules` must be specified'));
    }
    if (isObject(spec['defaultBackend']))
      errors.push(...validateBackend(spec['defaultBackend'], 'spec.defaultBackend'));
    rules.forEach((rule, index) => {
      const host = stringAt(rule, 'host') ?? '';
      if (host !== '') errors.push(...validateHost(host, `spec.rules[${index}].host`));
      const http = rule['http'];
      if (!isObject(http)) return;
      const paths = objectsAt(http, 'paths');
      if (paths.length === 0) errors.push(required(`spec.rules[${index}].http.paths`));
      paths.forEach((path, at) =>
        errors.push(...validatePath(path, `spec.rules[${index}].http.paths[${at}]`)),
      );
    });
    objectsAt(spec, 'tls').forEach((tls, index) => {
      const hosts: readonly unknown[] = Array.isArray(tls['hosts']) ? tls['hosts'] : [];
      hosts.forEach((host, at) =>
        errors.push(...validateHost(String(host), `spec.tls[${index}].hosts[${at}]`)),
      );
    });
    return errors;
  },
};

function validateHost(host: string, path: string): readonly FieldError[] {
  if (/^\d+\.\d+\.\d+\.\d+$/.test(host) || host.includes(':'))
    return [invalid(path, host, 'must be a DNS name, not an IP address')];
  const name = host.startsWith('*.') ? host.slice(2) : host;
  if (name.includes('*')) {
    return [
      invalid(
        path,
        host,
        "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist of lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character (e.g. '*.example.com', regex used for validation is '\\*\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
      ),
    ];
  }
  return dnsSubdomain(name).map((complaint) => invalid(path, host, complaint));
}

function validatePath(path: JsonObject, at: string): readonly FieldError[] {
  const value = stringAt(path, 'path') ?? '';
  const type = stringAt(path, 'pathType');
  const errors: FieldError[] = [];
  if (type === undefined) return [required(`${at}.pathType`, 'pathType must be specified')];
  if (!['Exact', 'ImplementationSpecific', 'Prefix'].includes(type)) {
    errors.push(notSupported(`${at}.pathType`, type, ['Exact', 'ImplementationSpecific', 'Prefix']));
  } else if (type !== 'ImplementationSpecific' || value !== '') {
    if (!value.startsWith('/')) errors.push(invalid(`${at}.path`, value, 'must be an absolute path'));
    if (type !== 'ImplementationSpecific') {
      for (const wrong of ['//', '/./', '/../', '%2f', '%2F']) {
        if (value.includes(wrong)) errors.push(invalid(`${at}.path`, value, `must not contain '${wrong}'`));
      }
      for (const wrong of ['/..', '/.']) {
        if (value.endsWith(wrong)) errors.push(invalid(`${at}.path`, value, `cannot end with '${wrong}'`));
      }
    }
  }
  return [...errors, ...validateBackend(isObject(path['backend']) ? path['backend'] : {}, `${at}.backend`)];
}

function validateBackend(backend: JsonObject, at: string): readonly FieldError[] {
  const { service, resource } = backend;
  if (isObject(resource))
    return isObject(service) ? [invalid(at, '', 'cannot set both resource and service backends')] : [];
  if (!isObject(service)) return [required(at, 'resource or service backend is required')];
  const name = stringAt(service, 'name') ?? '';
  const errors: FieldError[] =
    name === ''
      ? [required(`${at}.service.name`)]
      : dns1035Label(name).map((complaint) => invalid(`${at}.service.name`, name, complaint));
  const port = isObject(service['port']) ? service['port'] : {};
  if (port['name'] === undefined && port['number'] === undefined)
    errors.push(required(at, 'port name or number is required'));
  if (port['name'] !== undefined && port['number'] !== undefined)
    errors.push(invalid(at, '', 'cannot set both port name & port number'));
  return errors;
}

export const ingressClassRules: KindRules = {
  generations: true,
  validate(ingressClass) {
    const spec = specOf(ingressClass);
    const controller = stringAt(spec, 'controller') ?? '';
    if (controller === '') return [required('spec.controller')];
    return controller.includes('/')
      ? []
      : [invalid('spec.controller', controller, 'must be a domain-prefixed path (such as "acme.io/foo")')];
  },
  validateUpdate(next, current) {
    const after = stringAt(next, 'spec', 'controller');
    return after === stringAt(current, 'spec', 'controller')
      ? []
      : [invalid('spec.controller', after, 'field is immutable')];
  },
};
