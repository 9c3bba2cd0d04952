import { numberAt, objectAt, stringAt, type JsonObject } from '../../json.ts';
import { invalid, type FieldError } from '../../schema/field-error.ts';
import { timestamp } from '../../schema/time.ts';
import { badRequest, conflict, invalidObject, objectNotFound } from '../../status.ts';
import type { ApiObject } from '../../storage/api-object.ts';
import { serviceAccountUser } from '../service-account-user.ts';
import { ISSUER, type BoundClaims, type ClaimedObject } from './claims.ts';
import type { ServiceAccountTokens } from './service-account-tokens.ts';

const GROUP = 'authentication.k8s.io';
const KIND = 'TokenRequest';
const MIN_SECONDS = 600;
const MAX_SECONDS = 2 ** 32;
/** What pods are given asks for this odd time, to be told from others: such a token may be used for a year. */
export const POD_TOKEN_SECONDS = 3607;
const YEAR_SECONDS = 365 * 24 * 60 * 60;

/** What a token can be bound to, by kind. */
const BINDABLE = {
  Pod: { resource: 'pods', namespaced: true },
  Secret: { resource: 'secrets', namespaced: true },
  Node: { resource: 'nodes', namespaced: false },
} as const;

/**
 * Answers a decoded TokenRequest for a service account, with its token. Fails with 400, 404, 409 or 422.
 */
export async function fulfilTokenRequest(
  tokens: ServiceAccountTokens,
  { namespace, name }: { readonly namespace: string; readonly name: string },
  request: JsonObject,
): Promise<JsonObject> {
  const metadata = objectAt(request, 'metadata');
  const given = stringAt(metadata, 'name') ?? '';
  if (given !== '' && given !== name)
    throw refused(name, invalid('metadata.name', given, 'must match the service account name if specified'));
  const account = tokens.find('/serviceaccounts', `${namespace}/${name}`);
  if (account === undefined) throw objectNotFound({ group: '', resource: 'serviceaccounts' }, name);
  const { uid = '' } = account.metadata;
  const askedUid = stringAt(metadata, 'uid') ?? '';
  if (askedUid !== '' && askedUid !== uid) {
    const why = `the UID in the token request (${askedUid}) does not match the UID of the service account (${uid})`;
    throw conflict({ group: GROUP, resource: KIND }, name, why);
  }
  const spec = objectAt(request, 'spec');
  const seconds = numberAt(spec, 'expirationSeconds') ?? 0;
  const errors = secondsErrors(seconds);
  if (errors.length > 0) throw refused('', ...errors);
  const audiences = audiencesOf(spec);
  const bound = boundObjects(tokens, account, objectAt(spec, 'boundObjectRef'));
  const now = tokens.now();
  const issued = Math.floor(now / 1000);
  const isExtended =
    bound.pod !== undefined &&
    seconds === POD_TOKEN_SECONDS &&
    audiences.every((audience) => audience === ISSUER);
  const token = await tokens.sign({
    aud: [...audiences],
    exp: issued + (isExtended ? YEAR_SECONDS : seconds),
    iat: issued,
    nbf: issued,
    sub: serviceAccountUser(namespace, name),
    'kubernetes.io': {
      namespace,
      ...bound,
      serviceaccount: { name, uid },
      ...(isExtended ? { warnafter: issued + seconds } : {}),
    },
  });
  return {
    kind: KIND,
    apiVersion: `${GROUP}/v1`,
    metadata: { ...metadata, name, namespace, uid, creationTimestamp: timestamp(now) },
    spec: { ...spec, audiences },
    status: { token, expirationTimestamp: timestamp((issued + seconds) * 1000) },
  };
}

function audiencesOf({ audiences }: Readonly<JsonObject>): readonly string[] {
  return Array.isArray(audiences) && audiences.length > 0 ? audiences.map(String) : [ISSUER];
}

function secondsErrors(seconds: number): readonly FieldError[] {
  const field = 'spec.expirationSeconds';
  if (seconds < MIN_SECONDS)
    return [invalid(field, seconds, 'may not specify a duration less than 10 minutes')];
  return seconds > MAX_SECONDS
    ? [invalid(field, seconds, 'may not specify a duration larger than 2^32 seconds')]
    : [];
}

/** What the reference names must be there, and be the same one when it names a uid. */
function boundObjects(
  tokens: ServiceAccountTokens,
  account: ApiObject,
  reference: Readonly<JsonObject>,
): Pick<BoundClaims['kubernetes.io'], 'node' | 'pod' | 'secret'> {
  if (Object.keys(reference).length === 0) return {};
  const [kind, apiVersion, name] = ['kind', 'apiVersion', 'name'].map(
    (field) => stringAt(reference, field) ?? '',
  );
  const bindable = Object.entries(BINDABLE).find(([each]) => each === kind)?.[1];
  const [version = '', group = ''] = (apiVersion ?? '').split('/').reverse();
  if (bindable === undefined || group !== '')
    throw badRequest(`cannot bind token to object of type ${group}/${version}, Kind=${kind ?? ''}`);
  const { resource, namespaced } = bindable;
  const key = namespaced ? `${account.metadata.namespace ?? ''}/${name ?? ''}` : (name ?? '');
  const object = tokens.find(`/${resource}`, key);
  if (object === undefined) throw objectNotFound({ group: '', resource }, name ?? '');
  if (kind === 'Pod' && stringAt(object, 'spec', 'serviceAccountName') !== account.metadata.name) {
    const quoted = JSON.stringify(account.metadata.name);
    throw badRequest(
      `cannot bind token for serviceaccount ${quoted} to pod running with different serviceaccount name.`,
    );
  }
  const { uid = '' } = object.metadata;
  const asked = stringAt(reference, 'uid') ?? '';
  if (asked !== '' && asked !== uid) {
    const why = `the UID in the bound object reference (${asked}) does not match the UID in record. The object might have been deleted and then recreated`;
    throw conflict({ group: '', resource: kind ?? '' }, name ?? '', why);
  }
  const claimed: ClaimedObject = { name: name ?? '', uid };
  if (kind === 'Pod') return { pod: claimed, ...nodeOf(tokens, object) };
  return kind === 'Secret' ? { secret: claimed } : { node: claimed };
}

/** Where a pod runs is told, too. */
function nodeOf(tokens: ServiceAccountTokens, pod: ApiObject): { readonly node?: ClaimedObject } {
  const name = stringAt(pod, 'spec', 'nodeName') ?? '';
  if (name === '') return {};
  const uid = tokens.find('/nodes', name)?.metadata.uid;
  return { node: { name, ...(uid === undefined ? {} : { uid }) } };
}

function refused(name: string, ...errors: readonly FieldError[]): Error {
  return invalidObject(GROUP, KIND, name, errors);
}
