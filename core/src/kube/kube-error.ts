import { EpinioError } from '../kernel/errors.ts';

/** What an API server says about a request that it did not carry out: the used part of metav1.Status. */
export interface FailureStatus {
  /** HTTP status. */
  readonly code: number;
  /** metav1.StatusReason: "NotFound", "AlreadyExists", … */
  readonly reason?: string;
  readonly message: string;
}

/**
 * The platform's error for a failed request, with the codes that `Kube` documents. The HTTP status is what
 * the platform's own API would answer if nobody handled it: what the caller named is missing, taken or
 * invalid (4xx), or the platform itself is at fault (5xx).
 */
export function kubeError(
  failure: FailureStatus,
  options: { readonly cause?: unknown; readonly fix?: string } = {},
): EpinioError {
  const { code, status } = classify(failure);
  return new EpinioError(code, failure.message, { status, ...options });
}

function classify({ code, reason }: FailureStatus): { readonly code: string; readonly status: number } {
  switch (code) {
    case 401:
    case 403:
      // Not the fault of who called the platform: the platform's own account lacks the right.
      return { code: 'KUBE_FORBIDDEN', status: 500 };
    case 404:
      return { code: 'KUBE_NOT_FOUND', status: 404 };
    case 409:
      return { code: reason === 'AlreadyExists' ? 'KUBE_ALREADY_EXISTS' : 'KUBE_CONFLICT', status: 409 };
    case 410:
      return { code: 'KUBE_GONE', status: 500 };
    case 422:
      return { code: 'KUBE_INVALID', status: 422 };
    default:
      return { code: 'KUBE_FAILED', status: 500 };
  }
}
