import { EpinioError, messageOf } from '../../kernel/errors.ts';

const FACTS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'refuses connections',
  ECONNRESET: 'closed the connection before it answered',
  EPIPE: 'closed the connection before it answered',
  EHOSTUNREACH: 'cannot be reached: no route to its host',
  ENETUNREACH: 'cannot be reached: no route to its network',
  ENOTFOUND: 'has a host name that does not resolve',
  EAI_AGAIN: 'has a host name that could not be resolved for now',
  ETIMEDOUT: 'did not answer',
};

const TRUST = /CERT|SELF_SIGNED|UNABLE_TO_VERIFY|ERR_TLS|ERR_SSL|^EPROTO$/;

/** The error for a server that could not be spoken to: names its address and what to look at. */
export function unreachable(server: URL, context: string, cause: unknown): EpinioError {
  const code = codeOf(cause);
  const isTrust = TRUST.test(code);
  const fact = isTrust
    ? `cannot be trusted: ${messageOf(cause)}`
    : (FACTS[code] ?? `did not answer: ${messageOf(cause)}`);
  return new EpinioError(
    'KUBE_UNREACHABLE',
    `The Kubernetes API at "${server.href.replace(/\/$/, '')}" ${fact}`,
    {
      fix: isTrust
        ? `Check "certificate-authority-data" and the address of context "${context}" in the kubeconfig`
        : `Check that the cluster runs, and the address of context "${context}" in the kubeconfig`,
      status: 503,
      cause,
    },
  );
}

/** True when the request may have been cut off on its way, so that saying it again can help. */
export function isReset(error: unknown): boolean {
  return ['ECONNRESET', 'EPIPE'].includes(codeOf(error));
}

function codeOf(error: unknown): string {
  if (typeof error !== 'object' || error === null) return '';
  const { code, errors } = error as { readonly code?: unknown; readonly errors?: readonly unknown[] };
  if (typeof code === 'string') return code;
  // Several addresses were tried (localhost: ::1 and 127.0.0.1): each has its own error.
  return errors === undefined ? '' : codeOf(errors[0]);
}
