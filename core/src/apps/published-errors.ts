import { EpinioError, isEpinioError, type ErrorOptions } from '../kernel/errors.ts';

/** What the published error texts call the things that can be missing or taken. */
export type Kind =
  | 'namespace'
  | 'application'
  | 'configuration'
  | 'service'
  | 'application chart'
  | 'builder image'
  | 'gitconfig'
  | 'deployment'
  | 'route';

function code(kind: Kind, fact: string): string {
  return `${kind.toUpperCase().replaceAll(' ', '_')}_${fact}`;
}

/** 404 with the published text. */
export function notFound(kind: Kind, name: string): EpinioError {
  return new EpinioError(code(kind, 'NOT_FOUND'), `${kind} '${name}' does not exist`, { status: 404 });
}

/** 409 with the published text. */
export function alreadyExists(kind: Kind, name: string): EpinioError {
  return new EpinioError(code(kind, 'EXISTS'), `${kind} '${name}' already exists`, { status: 409 });
}

/** 400; `message` is the published title. */
export function badRequest(errorCode: string, message: string, options: ErrorOptions = {}): EpinioError {
  return new EpinioError(errorCode, message, { status: 400, ...options });
}

const SEVERAL = 'REQUEST_SEVERAL_PROBLEMS';

/** One error for several things that are wrong with a request; the list must not be empty. */
export function severalProblems(errors: readonly EpinioError[]): EpinioError {
  const [first] = errors;
  if (first === undefined) throw new RangeError('no problem to report');
  if (errors.length === 1) return first;
  return new EpinioError(SEVERAL, first.message, {
    status: first.status,
    cause: new AggregateError(errors, first.message),
  });
}

/** The parts of an error made by `severalProblems`, or the error itself. */
export function problemsOf(error: EpinioError): readonly EpinioError[] {
  if (error.code !== SEVERAL) return [error];
  const { errors } = error.cause as AggregateError;
  return errors.filter(isEpinioError);
}
