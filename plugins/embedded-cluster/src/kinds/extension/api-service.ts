import { isObject, numberAt, stringAt, type JsonObject } from '../../json.ts';
import type { KindRules } from '../../registry/resource.ts';
import { invalid, required, type FieldError } from '../../schema/field-error.ts';
import { dns1035Label, dnsSubdomain, pathSegment, portNumber } from '../../schema/names.ts';
import { specOf } from '../workloads/pod-template.ts';

/** Stored and not acted on: no request is passed on to another API server. */
export const apiServiceRules: KindRules = {
  nameRule: pathSegment,
  resets: { object: { 'f:status': {} }, status: { 'f:spec': {} } },

  setDefaults(apiService) {
    const { service } = specOf(apiService);
    if (isObject(service)) service['port'] ??= 443;
  },

  /** What this server serves itself is available at once. */
  prepareCreate(apiService, admission) {
    const available = {
      type: 'Available',
      status: 'True',
      lastTransitionTime: admission.time,
      reason: 'Local',
      message: 'Local APIServices are always available',
    };
    apiService['status'] = isObject(specOf(apiService)['service']) ? {} : { conditions: [available] };
  },

  validate(apiService) {
    const { name } = apiService.metadata;
    const spec = specOf(apiService);
    const group = stringAt(spec, 'group') ?? '';
    const version = stringAt(spec, 'version') ?? '';
    const wanted = `${version}.${group}`;
    const errors: FieldError[] = [];
    if (name !== wanted)
      errors.push(
        invalid('metadata.name', name, `must be \`spec.version+"."+spec.group\`: ${JSON.stringify(wanted)}`),
      );
    if (group === '' && version !== 'v1')
      errors.push(required('spec.group', 'only v1 may have an empty group and it better be legacy kube'));
    if (group !== '')
      errors.push(...dnsSubdomain(group).map((complaint) => invalid('spec.group', group, complaint)));
    errors.push(...dns1035Label(version).map((complaint) => invalid('spec.version', version, complaint)));
    errors.push(
      ...priority(spec, 'groupPriorityMinimum', 20_000),
      ...priority(spec, 'versionPriority', 1000),
    );
    return [...errors, ...validateService(spec)];
  },
};

function priority(spec: JsonObject, name: string, maximum: number): readonly FieldError[] {
  const value = numberAt(spec, name) ?? 0;
  return value > 0 && value <= maximum
    ? []
    : [invalid(`spec.${name}`, value, `must be positive and less than ${maximum}`)];
}

function validateService(spec: JsonObject): readonly FieldError[] {
  const { service, caBundle, insecureSkipTLSVerify } = spec;
  const bundle = typeof caBundle === 'string' ? caBundle : '';
  const errors: FieldError[] = [];
  if (!isObject(service)) {
    if (bundle !== '') {
      const bytes = `${Buffer.from(bundle, 'base64').length} bytes`;
      errors.push(invalid('spec.caBundle', bytes, 'local APIServices may not have a caBundle'));
    }
    if (insecureSkipTLSVerify === true)
      errors.push(
        invalid('spec.insecureSkipTLSVerify', true, 'local APIServices may not have insecureSkipTLSVerify'),
      );
    return errors;
  }
  for (const name of ['namespace', 'name'])
    if ((stringAt(service, name) ?? '') === '') errors.push(required(`spec.service.${name}`));
  const port = numberAt(service, 'port') ?? 0;
  for (const complaint of portNumber(port))
    errors.push(invalid('spec.service.port', port, `port is not valid: ${complaint}`));
  if (insecureSkipTLSVerify === true && bundle !== '')
    errors.push(invalid('spec.insecureSkipTLSVerify', true, 'may not be true if caBundle is present'));
  return errors;
}
