import { isObject, numberAt, objectsAt, stringAt, textOf, type JsonObject } from '../../json.ts';
import {
  duplicate,
  invalid,
  notFound,
  notSupported,
  required,
  type FieldError,
} from '../../schema/field-error.ts';
import { configKey, dnsLabel, dnsSubdomain, envName, portName, portNumber } from '../../schema/names.ts';
import { parseQuantity } from '../../schema/quantity.ts';
import { checkProbe } from './validate-probe.ts';

/** What an environment variable can show of its pod. */
const FIELD_PATH =
  /^(metadata\.(name|namespace|uid|(labels|annotations)\['[^']+'\])|spec\.(nodeName|serviceAccountName)|status\.(hostIPs?|podIPs?))$/;

/** Findings in a pod's spec; `path` is where it stands: "spec", "spec.template.spec". */
export function validatePodSpec(spec: JsonObject, path: string): readonly FieldError[] {
  const volumes = objectsAt(spec, 'volumes');
  const volumeNames = new Set(volumes.map(({ name }) => String(name)));
  return [
    ...validateVolumes(volumes, `${path}.volumes`),
    ...validateContainers(spec, path, volumeNames),
    ...oneOf(spec, 'restartPolicy', `${path}.restartPolicy`, ['Always', 'OnFailure', 'Never']),
    ...oneOf(spec, 'dnsPolicy', `${path}.dnsPolicy`, [
      'ClusterFirst',
      'ClusterFirstWithHostNet',
      'Default',
      'None',
    ]),
    ...nonNegative(spec, 'terminationGracePeriodSeconds', path),
    ...named(spec, 'serviceAccountName', path, dnsSubdomain),
    ...named(spec, 'nodeName', path, dnsSubdomain),
    ...named(spec, 'hostname', path, dnsLabel),
    ...named(spec, 'subdomain', path, dnsLabel),
    ...((numberAt(spec, 'activeDeadlineSeconds') ?? 1) < 1
      ? [
          invalid(
            `${path}.activeDeadlineSeconds`,
            spec['activeDeadlineSeconds'],
            'must be between 1 and 2147483647, inclusive',
          ),
        ]
      : []),
  ];
}

function validateContainers(
  spec: JsonObject,
  path: string,
  volumes: ReadonlySet<string>,
): readonly FieldError[] {
  const errors: FieldError[] = [];
  const seen = new Set<string>();
  if (objectsAt(spec, 'containers').length === 0) errors.push(required(`${path}.containers`));
  for (const list of ['containers', 'initContainers']) {
    objectsAt(spec, list).forEach((container, index) => {
      const at = `${path}.${list}[${index}]`;
      const name = stringAt(container, 'name') ?? '';
      if (name === '') errors.push(required(`${at}.name`));
      else if (seen.has(name)) errors.push(duplicate(`${at}.name`, name));
      else errors.push(...dnsLabel(name).map((complaint) => invalid(`${at}.name`, name, complaint)));
      seen.add(name);
      errors.push(...validateContainer(container, at, volumes));
    });
  }
  return errors;
}

function validateContainer(
  container: JsonObject,
  path: string,
  volumes: ReadonlySet<string>,
): readonly FieldError[] {
  const image = stringAt(container, 'image') ?? '';
  return [
    ...(image === '' ? [required(`${path}.image`)] : []),
    ...(image !== image.trim()
      ? [invalid(`${path}.image`, image, 'must not have leading or trailing whitespace')]
      : []),
    ...validatePorts(objectsAt(container, 'ports'), `${path}.ports`),
    ...validateEnv(objectsAt(container, 'env'), `${path}.env`),
    ...validateMounts(objectsAt(container, 'volumeMounts'), `${path}.volumeMounts`, volumes),
    ...['livenessProbe', 'readinessProbe', 'startupProbe'].flatMap((name) =>
      checkProbe(container[name], `${path}.${name}`),
    ),
    ...oneOf(container, 'imagePullPolicy', `${path}.imagePullPolicy`, ['Always', 'IfNotPresent', 'Never']),
    ...oneOf(container, 'terminationMessagePolicy', `${path}.terminationMessagePolicy`, [
      'FallbackToLogsOnError',
      'File',
    ]),
    ...validateResources(container['resources'], `${path}.resources`),
  ];
}

function validatePorts(ports: readonly JsonObject[], path: string): readonly FieldError[] {
  const errors: FieldError[] = [];
  const names = new Set<string>();
  ports.forEach((port, index) => {
    const at = `${path}[${index}]`;
    const name = stringAt(port, 'name') ?? '';
    if (name !== '') {
      errors.push(...portName(name).map((complaint) => invalid(`${at}.name`, name, complaint)));
      if (names.has(name)) errors.push(duplicate(`${at}.name`, name));
      names.add(name);
    }
    const number = numberAt(port, 'containerPort') ?? 0;
    if (number === 0) errors.push(required(`${at}.containerPort`));
    else
      errors.push(
        ...portNumber(number).map((complaint) => invalid(`${at}.containerPort`, number, complaint)),
      );
    errors.push(...oneOf(port, 'protocol', `${at}.protocol`, ['SCTP', 'TCP', 'UDP']));
  });
  return errors;
}

function validateEnv(env: readonly JsonObject[], path: string): readonly FieldError[] {
  return env.flatMap((variable, index) => {
    const at = `${path}[${index}]`;
    const name = stringAt(variable, 'name') ?? '';
    const errors: FieldError[] =
      name === ''
        ? [required(`${at}.name`)]
        : envName(name).map((complaint) => invalid(`${at}.name`, name, complaint));
    const source = variable['valueFrom'];
    if (!isObject(source)) return errors;
    const given = Object.keys(source);
    if (stringAt(variable, 'value') !== undefined) {
      errors.push(invalid(`${at}.valueFrom`, '', 'may not be specified when `value` is not empty'));
    }
    if (given.length === 0)
      errors.push(
        invalid(
          `${at}.valueFrom`,
          '',
          'must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef` or `secretKeyRef`',
        ),
      );
    if (given.length > 1)
      errors.push(invalid(`${at}.valueFrom`, '', 'may not have more than one field specified at a time'));
    const fieldPath = stringAt(source, 'fieldRef', 'fieldPath');
    if (fieldPath !== undefined && !FIELD_PATH.test(fieldPath)) {
      const complaint = `error converting fieldPath: field label not supported: ${fieldPath}`;
      errors.push(invalid(`${at}.valueFrom.fieldRef.fieldPath`, fieldPath, complaint));
    }
    for (const kind of ['configMapKeyRef', 'secretKeyRef']) {
      const reference = source[kind];
      if (!isObject(reference)) continue;
      const key = stringAt(reference, 'key') ?? '';
      if (key === '') errors.push(required(`${at}.valueFrom.${kind}.key`));
      else
        errors.push(
          ...configKey(key).map((complaint) => invalid(`${at}.valueFrom.${kind}.key`, key, complaint)),
        );
    }
    return errors;
  });
}

function validateMounts(
  mounts: readonly JsonObject[],
  path: string,
  volumes: ReadonlySet<string>,
): readonly FieldError[] {
  const seen = new Set<string>();
  return mounts.flatMap((mount, index) => {
    const at = `${path}[${index}]`;
    const name = stringAt(mount, 'name') ?? '';
    const target = stringAt(mount, 'mountPath') ?? '';
    const errors: FieldError[] = [];
    if (name === '') errors.push(required(`${at}.name`));
    else if (!volumes.has(name)) errors.push(notFound(`${at}.name`, name));
    if (target === '') errors.push(required(`${at}.mountPath`));
    else if (seen.has(target)) errors.push(invalid(`${at}.mountPath`, target, 'must be unique'));
    seen.add(target);
    const subPath = stringAt(mount, 'subPath') ?? '';
    if (subPath.startsWith('/')) errors.push(invalid(`${at}.subPath`, subPath, 'must be a relative path'));
    if (subPath.split('/').includes('..'))
      errors.push(invalid(`${at}.subPath`, subPath, "must not contain '..'"));
    return errors;
  });
}

function validateVolumes(volumes: readonly JsonObject[], path: string): readonly FieldError[] {
  const seen = new Set<string>();
  return volumes.flatMap((volume, index) => {
    const at = `${path}[${index}]`;
    const name = stringAt(volume, 'name') ?? '';
    const errors: FieldError[] =
      name === ''
        ? [required(`${at}.name`)]
        : dnsLabel(name).map((complaint) => invalid(`${at}.name`, name, complaint));
    if (seen.has(name)) errors.push(duplicate(`${at}.name`, name));
    seen.add(name);
    const sources = Object.keys(volume).filter((key) => key !== 'name');
    if (sources.length === 0) errors.push(required(at, 'must specify a volume type'));
    for (const extra of sources.slice(1))
      errors.push({
        reason: 'FieldValueForbidden',
        field: `${at}.${extra}`,
        message: 'Forbidden: may not specify more than 1 volume type',
      });
    for (const [kind, key] of [
      ['secret', 'secretName'],
      ['configMap', 'name'],
      ['persistentVolumeClaim', 'claimName'],
    ] as const) {
      const source = volume[kind];
      if (isObject(source) && (stringAt(source, key) ?? '') === '')
        errors.push(required(`${at}.${kind}.${key}`));
    }
    objectsAt(volume, 'projected', 'sources').forEach((source, position) => {
      const token = source['serviceAccountToken'];
      if (isObject(token)) errors.push(...validateProjectedToken(token, `${at}.projected`, position));
    });
    return errors;
  });
}

function validateProjectedToken(token: JsonObject, path: string, position: number): readonly FieldError[] {
  const field = `${path}.sources[${position}].serviceAccountToken.expirationSeconds`;
  const seconds = numberAt(token, 'expirationSeconds') ?? 0;
  return [
    ...(seconds < 600 ? [invalid(field, seconds, 'may not specify a duration less than 10 minutes')] : []),
    ...(seconds > 2 ** 32
      ? [invalid(field, seconds, 'may not specify a duration larger than 2^32 seconds')]
      : []),
    ...((stringAt(token, 'path') ?? '') === '' ? [required(`${path}.path`)] : []),
  ];
}

function validateResources(resources: unknown, path: string): readonly FieldError[] {
  if (!isObject(resources)) return [];
  const limits = isObject(resources['limits']) ? resources['limits'] : {};
  const requests = isObject(resources['requests']) ? resources['requests'] : {};
  const errors: FieldError[] = [];
  for (const [list, amounts] of [
    ['limits', limits],
    ['requests', requests],
  ] as const) {
    for (const [name, amount] of Object.entries(amounts)) {
      if ((parseQuantity(amount)?.nano ?? 0n) < 0n) {
        errors.push(invalid(`${path}.${list}[${name}]`, amount, 'must be greater than or equal to 0'));
      }
    }
  }
  for (const [name, request] of Object.entries(requests)) {
    const limit = parseQuantity(limits[name]);
    const asked = parseQuantity(request);
    if (limit !== undefined && asked !== undefined && asked.nano > limit.nano) {
      errors.push(
        invalid(
          `${path}.requests`,
          request,
          `must be less than or equal to ${name} limit of ${String(limits[name])}`,
        ),
      );
    }
  }
  return errors;
}

/** A field that, when it is there, must be one of some words. */
export function oneOf(
  object: JsonObject,
  name: string,
  path: string,
  supported: readonly string[],
): readonly FieldError[] {
  const value = object[name];
  return value === undefined || supported.includes(textOf(value))
    ? []
    : [notSupported(path, value, supported)];
}

function named(
  object: JsonObject,
  name: string,
  path: string,
  rule: (value: string) => readonly string[],
): readonly FieldError[] {
  const value = stringAt(object, name) ?? '';
  return value === '' ? [] : rule(value).map((complaint) => invalid(`${path}.${name}`, value, complaint));
}

function nonNegative(object: JsonObject, name: string, path: string): readonly FieldError[] {
  const value = numberAt(object, name) ?? 0;
  return value < 0 ? [invalid(`${path}.${name}`, value, 'must be greater than or equal to 0')] : [];
}
