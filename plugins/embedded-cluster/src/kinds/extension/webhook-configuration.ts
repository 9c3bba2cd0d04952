import { isObject, numberAt, objectAt, objectsAt, stringAt, type JsonObject } from '../../json.ts';
import type { KindRules } from '../../registry/resource.ts';
import { duplicate, invalid, notSupported, required, type FieldError } from '../../schema/field-error.ts';
import { dnsSubdomain, portNumber } from '../../schema/names.ts';
import { oneOf } from '../pod/validate.ts';
import { validateSelector } from '../workloads/label-selector.ts';

const OPERATIONS = ['*', 'CONNECT', 'CREATE', 'DELETE', 'UPDATE'];
const VERSIONS = ['v1', 'v1beta1'];
const SIDE_EFFECTS = ['None', 'NoneOnDryRun'];

/** Stored and not acted on: no request is sent to a webhook. */
export const validatingWebhookRules: KindRules = {
  generations: true,
  setDefaults: (configuration) => objectsAt(configuration, 'webhooks').forEach(setWebhookDefaults),
  validate: (configuration) => validateWebhooks(objectsAt(configuration, 'webhooks')),
};

export const mutatingWebhookRules: KindRules = {
  generations: true,
  setDefaults(configuration) {
    for (const webhook of objectsAt(configuration, 'webhooks')) {
      setWebhookDefaults(webhook);
      webhook['reinvocationPolicy'] ??= 'Never';
    }
  },
  validate: (configuration) => validateWebhooks(objectsAt(configuration, 'webhooks')),
};

function setWebhookDefaults(webhook: JsonObject): void {
  webhook['failurePolicy'] ??= 'Fail';
  webhook['matchPolicy'] ??= 'Equivalent';
  webhook['namespaceSelector'] ??= {};
  webhook['objectSelector'] ??= {};
  webhook['timeoutSeconds'] ??= 10;
  for (const rule of objectsAt(webhook, 'rules')) rule['scope'] ??= '*';
  const service = objectAt(webhook, 'clientConfig')['service'];
  if (isObject(service)) service['port'] ??= 443;
}

function validateWebhooks(webhooks: readonly JsonObject[]): readonly FieldError[] {
  const names = new Set<string>();
  return webhooks.flatMap((webhook, index) => {
    const path = `webhooks[${index}]`;
    const name = stringAt(webhook, 'name') ?? '';
    const errors = [...validateWebhook(webhook, path), ...validateVersions(webhook, path)];
    if (name !== '' && names.has(name)) errors.push(duplicate(`${path}.name`, name));
    names.add(name);
    return errors;
  });
}

function validateWebhook(webhook: JsonObject, path: string): readonly FieldError[] {
  const timeout = numberAt(webhook, 'timeoutSeconds') ?? 10;
  const errors: FieldError[] = [...validateName(stringAt(webhook, 'name') ?? '', `${path}.name`)];
  objectsAt(webhook, 'rules').forEach((rule, index) =>
    errors.push(...validateRule(rule, `${path}.rules[${index}]`)),
  );
  errors.push(
    ...oneOf(webhook, 'failurePolicy', `${path}.failurePolicy`, ['Fail', 'Ignore']),
    ...oneOf(webhook, 'matchPolicy', `${path}.matchPolicy`, ['Equivalent', 'Exact']),
  );
  if (webhook['sideEffects'] === undefined)
    errors.push(required(`${path}.sideEffects`, `must specify one of ${SIDE_EFFECTS.join(', ')}`));
  else errors.push(...oneOf(webhook, 'sideEffects', `${path}.sideEffects`, SIDE_EFFECTS));
  if (timeout < 1 || timeout > 30)
    errors.push(
      invalid(`${path}.timeoutSeconds`, timeout, 'the timeout value must be between 1 and 30 seconds'),
    );
  for (const name of ['namespaceSelector', 'objectSelector'])
    errors.push(...validateSelector(webhook[name], `${path}.${name}`));
  return [...errors, ...validateClient(objectAt(webhook, 'clientConfig'), `${path}.clientConfig`)];
}

function validateName(name: string, path: string): readonly FieldError[] {
  if (name === '') return [required(path)];
  const complaints = dnsSubdomain(name);
  if (complaints.length > 0) return complaints.map((complaint) => invalid(path, name, complaint));
  return name.split('.').length < 3
    ? [invalid(path, name, 'should be a domain with at least three segments separated by dots')]
    : [];
}

function validateRule(rule: JsonObject, path: string): readonly FieldError[] {
  const errors: FieldError[] = [];
  for (const [name, what] of [
    ['operations', 'operations'],
    ['apiGroups', 'API groups'],
    ['apiVersions', 'API versions'],
  ] as const) {
    const values: readonly unknown[] = Array.isArray(rule[name]) ? rule[name] : [];
    if (values.length === 0) errors.push(required(`${path}.${name}`));
    if (values.length > 1 && values.includes('*'))
      errors.push(invalid(`${path}.${name}`, values, `if '*' is present, must not specify other ${what}`));
    if (name !== 'operations') continue;
    values.forEach((value, index) => {
      if (!OPERATIONS.includes(String(value)))
        errors.push(notSupported(`${path}.operations[${index}]`, value, OPERATIONS));
    });
  }
  if (!Array.isArray(rule['resources']) || rule['resources'].length === 0)
    errors.push(required(`${path}.resources`));
  return [...errors, ...oneOf(rule, 'scope', `${path}.scope`, ['*', 'Cluster', 'Namespaced'])];
}

function validateVersions(webhook: JsonObject, path: string): readonly FieldError[] {
  const field = `${path}.admissionReviewVersions`;
  const { admissionReviewVersions: versions } = webhook;
  const list = VERSIONS.join(', ');
  if (!Array.isArray(versions) || versions.length === 0)
    return [required(field, `must specify one of ${list}`)];
  return versions.some((version) => VERSIONS.includes(String(version)))
    ? []
    : [invalid(field, versions, `must include at least one of ${list}`)];
}

function validateClient(client: Readonly<JsonObject>, path: string): readonly FieldError[] {
  const url = stringAt(client, 'url');
  const { service } = client;
  if ((url === undefined) === !isObject(service))
    return [required(path, 'exactly one of url or service is required')];
  if (url !== undefined)
    return url.startsWith('https://')
      ? []
      : [
          invalid(
            `${path}.url`,
            url.replace(/:.*$/, ''),
            "'https' is the only allowed URL scheme; desired format: https://host[/path]",
          ),
        ];
  const errors = ['name', 'namespace']
    .filter((name) => (stringAt(service, name) ?? '') === '')
    .map((name) => required(`${path}.service.${name}`, `service ${name} is required`));
  const port = numberAt(service, 'port') ?? 443;
  for (const complaint of portNumber(port))
    errors.push(invalid(`${path}.service.port`, port, `port is not valid: ${complaint}`));
  return errors;
}
