import { badRequest, invalidObject, type StatusError } from '../status.ts';
import { prune, setSchemaDefaults } from '../kinds/custom/prune.ts';
import { isObject, textOf, without, type JsonObject } from '../json.ts';
import { builtinSchema } from '../schema/builtin.ts';
import { decode, DecodeError } from '../schema/decode.ts';
import { invalid } from '../schema/field-error.ts';
import type { StructSchema } from '../schema/schema.ts';
import type { ApiObject, Metadata } from '../storage/api-object.ts';
import type { Request } from './request.ts';
import type { Resource } from './resource.ts';

/**
 * A client's JSON as an object of a resource: of the right type, without unknown fields, with defaults.
 * The answer shares nothing that may change with the input. Fails with 400, or 422 for a wrong kind.
 */
export function decodeObject(
  resource: Resource,
  body: unknown,
  request: Pick<Request, 'fieldValidation' | 'warn'>,
): ApiObject {
  if (!isObject(body)) throw unrecognized(resource.kind, 'json: cannot unmarshal into an object', body);
  const object =
    resource.custom === undefined
      ? decodeBuiltin(resource, body, request)
      : decodeCustom(resource, body, request);
  resource.rules.setDefaults?.(object);
  return object;
}

/** As `decodeObject`, for types that are no resource: Scale, DeleteOptions, reviews. */
export function decodeType(
  schema: StructSchema,
  kind: string,
  body: unknown,
  request: Pick<Request, 'fieldValidation' | 'warn'>,
): JsonObject {
  return typed(kind, kind, request, (unknown) => decode(schema, body ?? {}, unknown));
}

function decodeBuiltin(
  resource: Resource,
  body: JsonObject,
  request: Pick<Request, 'fieldValidation' | 'warn'>,
): ApiObject {
  checkKind(resource, body);
  const fields = typed(resource.kind, resource.version, request, (unknown) =>
    decode(resource.schema, body, unknown),
  );
  const rest = without(fields, 'apiVersion', 'kind', 'metadata');
  return {
    kind: resource.kind,
    apiVersion: resource.apiVersion,
    metadata: named(fields['metadata']),
    ...rest,
  };
}

/** Metadata without a name has an empty one. */
function named(metadata: unknown): Metadata {
  const { name, ...rest } = metadata as Partial<Metadata>;
  return { name: name ?? '', ...rest };
}

function decodeCustom(
  resource: Resource,
  body: JsonObject,
  request: Pick<Request, 'fieldValidation' | 'warn'>,
): ApiObject {
  if (body['kind'] === undefined || body['kind'] === '') {
    throw unrecognized(resource.kind, `Object 'Kind' is missing in '${JSON.stringify(body)}'`, body);
  }
  if (body['apiVersion'] !== resource.apiVersion) throw wrongVersion(resource, body['apiVersion']);
  if (body['kind'] !== resource.kind) {
    const kind = textOf(body['kind']);
    const name = isObject(body['metadata']) ? textOf(body['metadata']['name']) : '';
    throw invalidObject(resource.group, kind, name, [invalid('kind', kind, `must be ${resource.kind}`)]);
  }
  return typed(resource.kind, resource.version, request, (unknown) => {
    const { metadata: given, ...own } = body;
    const metadata = named(
      decode(builtinSchema('meta.v1.ObjectMeta'), given ?? {}, (path) => unknown(`metadata.${path}`)),
    );
    const pruned = prune(resource.schema, own, '', unknown) as JsonObject;
    const rest = without(pruned, 'apiVersion', 'kind');
    setSchemaDefaults({ ...resource.schema, fields: withoutIdentity(resource.schema) }, rest);
    return { kind: resource.kind, apiVersion: resource.apiVersion, metadata, ...rest };
  });
}

const identityFree = new WeakMap<object, StructSchema['fields']>();

function withoutIdentity({ fields }: StructSchema): StructSchema['fields'] {
  let own = identityFree.get(fields);
  if (own === undefined) {
    own = without(fields, 'apiVersion', 'kind', 'metadata');
    identityFree.set(fields, own);
  }
  return own;
}

/** Runs a decoder, and tells of or refuses the unknown fields that it met. */
function typed<T>(
  kind: string,
  version: string,
  request: Pick<Request, 'fieldValidation' | 'warn'>,
  run: (unknown: (path: string) => void) => T,
): T {
  const unknown: string[] = [];
  let result: T;
  try {
    result = run((path) => unknown.push(`unknown field "${path}"`));
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    throw badRequest(
      `${kind} in version "${version}" cannot be handled as a ${kind}: ${error.message}`,
      error,
    );
  }
  if (unknown.length > 0 && request.fieldValidation === 'Strict') {
    throw badRequest(
      `${kind} in version "${version}" cannot be handled as a ${kind}: strict decoding error: ${[...new Set(unknown)].sort().join(', ')}`,
    );
  }
  if (request.fieldValidation === 'Warn') for (const message of unknown) request.warn(message);
  return result;
}

function checkKind(resource: Resource, { kind, apiVersion }: JsonObject): void {
  if (apiVersion !== undefined && apiVersion !== '' && apiVersion !== resource.apiVersion)
    throw wrongVersion(resource, apiVersion);
  if (kind === undefined || kind === '' || kind === resource.kind) return;
  const given = textOf(kind);
  throw badRequest(
    `${given} in version "${resource.version}" cannot be handled as a ${resource.kind}: no kind "${given}" is registered for version "${resource.apiVersion}"`,
  );
}

function wrongVersion(resource: Resource, given: unknown): StatusError {
  return badRequest(
    `the API version in the data (${textOf(given)}) does not match the expected API version (${resource.apiVersion})`,
  );
}

function unrecognized(kind: string, why: string, body: unknown): StatusError {
  const text = body === undefined ? '<empty>' : JSON.stringify(body);
  const shown = text.length > 30 ? `${text.slice(0, 30)} ...` : text;
  return badRequest(
    `the object provided is unrecognized (must be of type ${kind}): couldn't get version/kind; json parse error: ${why} (${shown})`,
  );
}
