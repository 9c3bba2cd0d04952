import type { ErrorPage } from './error-page.ts';

/** Codes of undici and the system for a connection that an instance would not take. */
const REFUSED = new Set([
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
  'ETIMEDOUT',
]);

export function codeOf(error: Error): string {
  return 'code' in error && typeof error.code === 'string' ? error.code : '';
}

/** What a person sees when no instance answered, by the last error. Names the application and nothing else. */
export function failurePage(application: string, error: Error, responseTimeoutMs: number): ErrorPage {
  const code = codeOf(error);
  const logs = `See what it says: epinio app logs ${application}`;
  const page = (status: number, fact: string, fix = logs): ErrorPage => ({
    status,
    title: `Application "${application}" ${fact}`,
    fix,
  });
  if (code === 'REQUEST_TIMEOUT') return { status: 408, title: error.message, fix: 'Send the request again' };
  if (code === 'UND_ERR_INVALID_ARG' || code === 'UND_ERR_NOT_SUPPORTED') {
    return {
      status: 400,
      title: `The request cannot be passed on: ${error.message}`,
      fix: 'Mend the request',
    };
  }
  if (code === 'UND_ERR_HEADERS_TIMEOUT') {
    return page(504, `did not begin to answer within ${responseTimeoutMs / 1000} s`);
  }
  if (REFUSED.has(code)) {
    return page(
      502,
      'does not accept connections',
      `It has to listen on the port that its environment variable PORT names. ${logs}`,
    );
  }
  if (
    error.name === 'HTTPParserError' ||
    code.startsWith('HPE_') ||
    code === 'UND_ERR_HEADERS_OVERFLOW' ||
    code.startsWith('ERR_')
  ) {
    return page(502, 'answered with something that is not a valid HTTP response');
  }
  return page(502, 'closed the connection without an answer');
}
