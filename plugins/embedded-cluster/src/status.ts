import type { FieldError } from './schema/field-error.ts';

/** metav1.Status: what every refusal is answered with. */
export interface Status {
  readonly kind: 'Status';
  readonly apiVersion: 'v1';
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly status: 'Success' | 'Failure';
  readonly message?: string;
  readonly reason?: string;
  readonly details?: StatusDetails;
  readonly code?: number;
}

export interface StatusDetails {
  readonly name?: string;
  readonly group?: string;
  readonly kind?: string;
  readonly uid?: string;
  readonly causes?: readonly {
    readonly reason?: string;
    readonly message?: string;
    readonly field?: string;
  }[];
  readonly retryAfterSeconds?: number;
}

/** The kind of thing that a message names: a resource ("deployments") or a kind ("Deployment") and its group. */
export interface Named {
  readonly group: string;
  readonly resource: string;
}

/** A request that is refused; handlers answer with `body`, in-process callers get an EpinioError made of it. */
export class StatusError extends Error {
  readonly code: number;
  readonly reason: string;
  readonly details: StatusDetails | undefined;
  /** What the answer says of a list that cannot be gone on with. */
  metadata: Readonly<Record<string, unknown>> = {};

  constructor(code: number, reason: string, message: string, details?: StatusDetails, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'StatusError';
    this.code = code;
    this.reason = reason;
    this.details = details;
  }

  get body(): Status {
    return {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: this.metadata,
      status: 'Failure',
      message: this.message,
      ...(this.reason === '' ? {} : { reason: this.reason }),
      ...(this.details === undefined ? {} : { details: this.details }),
      code: this.code,
    };
  }
}

/** "deployments.apps", or "pods" for the core group. */
export function qualified({ group, resource }: Named): string {
  return group === '' ? resource : `${resource}.${group}`;
}

function detailsOf({ group, resource }: Named, name: string): StatusDetails {
  return {
    ...(name === '' ? {} : { name }),
    ...(group === '' ? {} : { group }),
    ...(resource === '' ? {} : { kind: resource }),
  };
}

export function objectNotFound(what: Named, name: string): StatusError {
  return new StatusError(404, 'NotFound', `${qualified(what)} "${name}" not found`, detailsOf(what, name));
}

/** No such path. */
export function pathNotFound(): StatusError {
  return new StatusError(404, 'NotFound', 'the server could not find the requested resource', {});
}

/** `deleting`: the one that is there waits for its finalizers. */
export function alreadyExists(what: Named, name: string, deleting = false): StatusError {
  return new StatusError(
    409,
    'AlreadyExists',
    `${deleting ? 'object is being deleted: ' : ''}${qualified(what)} "${name}" already exists`,
    detailsOf(what, name),
  );
}

export function conflict(what: Named, name: string, why: string): StatusError {
  const message = `Operation cannot be fulfilled on ${qualified(what)} "${name}": ${why}`;
  return new StatusError(409, 'Conflict', message, detailsOf(what, name));
}

export const MODIFIED =
  'the object has been modified; please apply your changes to the latest version and try again';

export function badRequest(message: string, cause?: unknown): StatusError {
  return new StatusError(400, 'BadRequest', message, undefined, cause);
}

export function forbiddenRequest(what: Named, name: string, why: string): StatusError {
  const subject = name === '' ? qualified(what) : `${qualified(what)} "${name}"`;
  return new StatusError(403, 'Forbidden', `${subject} is forbidden: ${why}`, detailsOf(what, name));
}

export function unauthorized(): StatusError {
  return new StatusError(401, 'Unauthorized', 'Unauthorized');
}

/** `metadata` may hold a token with which to go on all the same. */
export function gone(message: string, metadata: StatusError['metadata'] = {}): StatusError {
  const error = new StatusError(410, 'Expired', message);
  error.metadata = metadata;
  return error;
}

export function methodNotAllowed(): StatusError {
  return new StatusError(
    405,
    'MethodNotAllowed',
    'the server does not allow this method on the requested resource',
    {},
  );
}

/** Nothing that there is was asked for. */
export function noRepresentation(available: readonly string[]): StatusError {
  const message = `406: Not Acceptable\n\nAvailable representations: ${available.join(', ')}`;
  return new StatusError(406, 'NotAcceptable', message, {});
}

/** What was asked for is there, but not for this. */
export function notAcceptable(accepted: readonly string[]): StatusError {
  return new StatusError(
    406,
    'NotAcceptable',
    `only the following media types are accepted: ${accepted.join(', ')}`,
  );
}

export function unsupportedMediaType(accepted: readonly string[]): StatusError {
  return new StatusError(
    415,
    'UnsupportedMediaType',
    `the body of the request was in an unknown format - accepted media types include: ${accepted.join(', ')}`,
  );
}

export function tooLarge(limit: number): StatusError {
  return new StatusError(413, 'RequestEntityTooLarge', `Request entity too large: limit is ${limit}`);
}

export function internalError(message: string): StatusError {
  return new StatusError(500, 'InternalError', `Internal error occurred: ${message}`, {
    causes: [{ message }],
  });
}

/** A 422 with all findings; `kind` is a kind, not a plural. */
export function invalidObject(
  group: string,
  kind: string,
  name: string,
  errors: readonly FieldError[],
): StatusError {
  const lines = [...new Set(errors.map(({ field, message }) => `${field}: ${message}`))];
  const list = lines.length === 1 ? lines.join() : `[${lines.join(', ')}]`;
  return new StatusError(
    422,
    'Invalid',
    `${qualified({ group, resource: kind })} "${name}" is invalid: ${list}`,
    {
      ...detailsOf({ group, resource: kind }, name),
      causes: errors.map(({ reason, field, message }) => ({ reason, message, field })),
    },
  );
}
