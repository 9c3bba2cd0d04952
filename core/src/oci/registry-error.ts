import { EpinioError, isEpinioError, messageOf } from '../kernel/errors.ts';

const MAX_TEXT = 300;

/** What the registry answered instead of what was asked of it. */
export interface Answer {
  readonly status: number;
  /** The start of its body. */
  readonly body: string;
}

/** `what` was asked of `host`: "push blob sha256:… to apps/a". */
export function answerError(host: string, what: string, { status, body }: Answer): EpinioError {
  const said = registryMessage(body);
  const details = said === undefined ? [] : [`The registry said: ${said}`];
  if (status === 401 || status === 403) {
    return new EpinioError('REGISTRY_UNAUTHORIZED', `Registry "${host}" refused to ${what} (${status})`, {
      fix: 'Check the credentials for this registry and what they allow',
      details,
      status: 502,
      fault: 'user',
    });
  }
  if (status === 404) {
    return new EpinioError('REGISTRY_NOT_FOUND', `Registry "${host}" could not ${what}: it is not there`, {
      fix: 'Check the name, the tag and the registry',
      details,
      status: 404,
    });
  }
  if (status === 507) {
    return new EpinioError('REGISTRY_FULL', `Registry "${host}" could not ${what}: its disk is full`, {
      fix: 'Free some space on the disk of the registry, then try again',
      details,
      status,
    });
  }
  return new EpinioError('REGISTRY_REFUSED', `Registry "${host}" could not ${what}: it answered ${status}`, {
    fix:
      status >= 500
        ? 'Look into the log of the registry'
        : 'Check the name and whether the registry allows this',
    details,
    status: 502,
  });
}

/** The network failed; `error` says how. */
export function unreachable(host: string, what: string, error: unknown): EpinioError {
  if (isEpinioError(error)) return error;
  return new EpinioError(
    'REGISTRY_UNREACHABLE',
    `Registry "${host}" could not be reached to ${what}: ${networkMessage(error)}`,
    {
      fix: 'Check that the registry runs and that this machine can reach it (name, port, proxy, certificate)',
      status: 502,
      cause: error,
    },
  );
}

/** What came is not what was asked for by digest. */
export function corrupt(host: string, what: string, fact: string): EpinioError {
  return new EpinioError('REGISTRY_CORRUPT', `Registry "${host}" gave a wrong answer to ${what}: ${fact}`, {
    fix: 'Try again; if it stays, push the image anew',
    status: 502,
  });
}

function networkMessage(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const message =
    error instanceof AggregateError && error.message === '' ? messageOf(error.errors[0]) : messageOf(error);
  return code !== '' && !message.includes(code) ? `${message} (${code})` : message;
}

function registryMessage(body: string): string | undefined {
  try {
    const { errors } = JSON.parse(body) as { errors?: readonly { code?: string; message?: string }[] };
    const first = errors?.[0];
    if (first !== undefined)
      return `${first.code ?? 'UNKNOWN'}: ${first.message ?? 'no reason given'}`.slice(0, MAX_TEXT);
  } catch {
    // Not JSON: the distribution-spec allows any format for the body of an error.
  }
  const text = body.replace(/\s+/g, ' ').trim();
  return text === '' || text.startsWith('<') ? undefined : text.slice(0, MAX_TEXT);
}
