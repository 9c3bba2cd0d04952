import { isObject, objectAt, stringAt, textOf, type JsonObject } from '../../json.ts';
import type { KindRules } from '../../registry/resource.ts';
import { invalid, required, type FieldError } from '../../schema/field-error.ts';
import { configKey } from '../../schema/names.ts';
import { immutableData, sizeErrors } from './config-map.ts';

/** What the data of a type must hold. */
const REQUIRED_KEYS: Readonly<Record<string, readonly string[]>> = {
  'kubernetes.io/dockercfg': ['.dockercfg'],
  'kubernetes.io/dockerconfigjson': ['.dockerconfigjson'],
  'kubernetes.io/ssh-auth': ['ssh-privatekey'],
  'kubernetes.io/tls': ['tls.crt', 'tls.key'],
};

/** Secrets that a controller fills with a token of a service account, and the annotations that say which. */
export const ACCOUNT_TOKEN = 'kubernetes.io/service-account-token';
export const ACCOUNT_NAME = 'kubernetes.io/service-account.name';
export const ACCOUNT_UID = 'kubernetes.io/service-account.uid';

export const secretRules: KindRules = {
  /** stringData is for writing only. */
  setDefaults(secret) {
    secret['type'] ??= 'Opaque';
    const text = secret['stringData'];
    if (!isObject(text)) return;
    const data: JsonObject = isObject(secret['data']) ? secret['data'] : {};
    for (const [key, value] of Object.entries(text))
      data[key] = Buffer.from(String(value)).toString('base64');
    secret['data'] = data;
    delete secret['stringData'];
  },

  prepareUpdate(next, current) {
    if (next['type'] === undefined || next['type'] === '') next['type'] = current['type'];
  },

  validate(secret) {
    const data = objectAt(secret, 'data');
    const type = stringAt(secret, 'type') ?? '';
    const errors: FieldError[] = Object.keys(data).flatMap((key) =>
      configKey(key).map((complaint) => invalid(`data[${key}]`, key, complaint)),
    );
    for (const key of REQUIRED_KEYS[type] ?? []) {
      if (data[key] === undefined) errors.push(required(`data[${key}]`));
      else if (key.startsWith('.docker') && !isJson(textOf(data[key]))) {
        errors.push(invalid(`data[${key}]`, '<secret contents redacted>', 'invalid character in JSON'));
      }
    }
    if (
      type === 'kubernetes.io/basic-auth' &&
      data['username'] === undefined &&
      data['password'] === undefined
    ) {
      errors.push(required('data[username]'), required('data[password]'));
    }
    if (type === ACCOUNT_TOKEN && (secret.metadata.annotations?.[ACCOUNT_NAME] ?? '') === '')
      errors.push(required(`metadata.annotations[${ACCOUNT_NAME}]`));
    return [...errors, ...sizeErrors('data', {}, data)];
  },

  validateUpdate(next, current) {
    const type =
      next['type'] === current['type'] ? [] : [invalid('type', next['type'], 'field is immutable')];
    return [...type, ...immutableData(next, current, ['data'])];
  },
};

function isJson(base64: string): boolean {
  try {
    JSON.parse(Buffer.from(base64, 'base64').toString());
    return true;
  } catch {
    return false; // that is the question asked
  }
}
