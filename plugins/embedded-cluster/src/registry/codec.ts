import { badRequest, invalidObject, type StatusError } from '../status.ts';
import { prune, setSchemaDefaults } from '../kinds/custom/prune.ts';
import { isObject, textOf, without, type JsonObject } from '../json.ts';
import { builtinSchema, findBuiltinSchema } from '../schema/builtin.ts';
import { decode, DecodeError } from '../schema/decode.ts';
import { invalid } from '../schema/field-error.ts';
import type { StructSchema } from '../schema/schema.ts';
import type { ApiObject, Metadata } from '../storage/api-object.ts';
import type { Request } from './request.ts';
import type { Resource } from './resource.ts';

/** What of a request decides how its object is read. */
export type DecodeRequest = Pick<Request, 'fieldValidation' | 'bodyProblems' | 'warn'>;

/** Strict field validation found something. */
class StrictDecodingError extends DecodeError {}

/**
 * A client's JSON as an object of a resource: of the right type, without unknown fields, with defaults.
 * The answer shares nothing that may change with the input. Fails with 400, or 422 for a wrong kind.
 */
export function decodeObject(resource: Resource, body: unknown, request: DecodeRequest): ApiObject {
  if (body === null) return decodeObject(resource, {}, request);
  if (!isObject(body)) throw unrecognized(resource.kind, noObject(body), body);
  for (const name of ['apiVersion', 'kind'] as const) {
    const given = body[name] ?? '';
    if (typeof given === 'string') continue;
    const why = `json: cannot unmarshal ${goType(given)} into Go struct field .${name} of type string`;
    throw unrecognized(resource.kind, why, body);
  }
  const apiVersion = textOf(body['apiVersion']);
  if (apiVersion.split('/').length > 2) {
    const why = `unexpected GroupVersion string: ${apiVersion}`;
    throw badRequest(
      `the object provided is unrecognized (must be of type ${resource.kind}): ${why} (${summary(body)})`,
    );
  }
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
  request: DecodeRequest,
  version = kind,
): JsonObject {
  return typed(kind, version, request, (unknown) => decode(schema, body ?? {}, unknown));
}

function decodeBuiltin(resource: Resource, body: JsonObject, request: DecodeRequest): ApiObject {
  checkKind(resource, body);
  const fields = typed(resource.kind, resource.version, request, (unknown) =>
    decode(resource.schema, body, unknown),
  );
  const rest = without(fields, 'apiVersion', 'kind', 'metadata');
  return {
    kind: resource.kind,
    apiVersion: resource.apiVersion,
    metadata: named(fields['metadata'], body['metadata']),
    ...rest,
  };
}

/** Metadata without a name has an empty one. An empty list of managers is not the same as none: it resets them. */
function named(metadata: unknown, given: unknown): Metadata {
  const { name, ...rest } = metadata as Partial<Metadata>;
  const managers = isObject(given) ? given['managedFields'] : undefined;
  const reset = Array.isArray(managers) && managers.length === 0;
  return { name: name ?? '', ...rest, ...(reset ? { managedFields: [] } : {}) };
}

function decodeCustom(resource: Resource, body: JsonObject, request: DecodeRequest): ApiObject {
  if (body['kind'] === undefined || body['kind'] === '') {
    throw badRequest(
      `the object provided is unrecognized (must be of type ${resource.kind}): Object 'Kind' is missing in '${JSON.stringify(body)}' (${summary(body)})`,
    );
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
      given,
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

/** Runs a decoder, and tells of or refuses the unknown fields that it met, and what the text of the body had twice. */
function typed<T>(
  kind: string,
  version: string,
  request: DecodeRequest,
  run: (unknown: (path: string) => void) => T,
): T {
  const problems: string[] = [];
  try {
    const result = run((path) => problems.push(`unknown field "${path}"`));
    problems.push(...(request.bodyProblems ?? []));
    if (problems.length > 0) tellProblems(problems, request);
    return result;
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    throw badRequest(
      `${kind} in version "${version}" cannot be handled as a ${kind}: ${error.message}`,
      error,
    );
  }
}

/** What strict field validation finds is refused, told or dropped. */
function tellProblems(problems: readonly string[], request: DecodeRequest): void {
  if (request.fieldValidation === 'Strict')
    throw new StrictDecodingError(`strict decoding error: ${[...new Set(problems)].join(', ')}`);
  if (request.fieldValidation !== 'Warn') return;
  for (const problem of problems) for (const line of warningLines(problem)) request.warn(line);
}

/** A finding of the YAML parser is a heading and lines; the lines are warnings of their own. */
export function warningLines(problem: string): readonly string[] {
  const [heading = '', ...lines] = problem.split('\n');
  return heading === 'yaml: unmarshal errors:' ? lines.map((line) => line.trim()) : [problem];
}

/** A body may leave out what it is, but not be something else. Fails with 400. */
export function checkKind(resource: Pick<Resource, 'apiVersion' | 'group' | 'kind'>, body: unknown): void {
  if (!isObject(body)) return;
  const kind = textOf(body['kind']) || resource.kind;
  const apiVersion = textOf(body['apiVersion']) || resource.apiVersion;
  if (kind === resource.kind && apiVersion === resource.apiVersion) return;
  const [version = '', group = ''] = apiVersion.split('/').reverse();
  const package_ = (name: string): string => (name === '' ? 'core' : (name.split('.')[0] ?? ''));
  const why =
    findBuiltinSchema(`${package_(group)}.${version}.${kind}`) === undefined
      ? `no kind ${JSON.stringify(kind)} is registered for version ${JSON.stringify(apiVersion)} in scheme ${SCHEME}`
      : `converting (${version}.${kind}) to (${package_(resource.group)}.${resource.kind}): unknown conversion`;
  throw badRequest(
    `${kind} in version ${JSON.stringify(version)} cannot be handled as a ${resource.kind}: ${why}`,
    new DecodeError(why),
  );
}

/** Where the real API server registers its kinds, which its messages tell. */
const SCHEME = '"pkg/api/legacyscheme/scheme.go:30"';

function wrongVersion(resource: Resource, given: unknown): StatusError {
  return badRequest(
    `the API version in the data (${textOf(given)}) does not match the expected API version (${resource.apiVersion})`,
  );
}

/** The message of a decoder that looks for the version and kind of what is no object. */
function noObject(body: unknown): string {
  const field = (name: string, json: string): string => `${name} string "json:\\"${json},omitempty\\""`;
  return `json: cannot unmarshal ${goType(body)} into Go value of type struct { ${field('APIVersion', 'apiVersion')}; ${field('Kind', 'kind')} }`;
}

function goType(value: unknown): string {
  return Array.isArray(value) ? 'array' : typeof value === 'boolean' ? 'bool' : typeof value;
}

function unrecognized(kind: string, why: string, body: unknown): StatusError {
  return badRequest(
    `the object provided is unrecognized (must be of type ${kind}): couldn't get version/kind; json parse error: ${why} (${summary(body)})`,
  );
}

/** The beginning of a body, as messages show it. */
function summary(body: unknown): string {
  const bytes = Buffer.from(body === undefined ? '' : JSON.stringify(body));
  const cut = bytes.subarray(0, 30).toString(isObject(body) ? 'utf8' : 'hex');
  return bytes.length === 0 ? '<empty>' : bytes.length > 30 ? `${cut} ...` : cut;
}
