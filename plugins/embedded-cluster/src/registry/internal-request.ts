import { MASTERS } from '../auth/user.ts';
import type { Request } from '../registry/request.ts';

/** A request of the cluster's own parts: trusted, and without a client to warn. */
export function internalRequest(user: string, fieldManager = user, dryRun = false): Request {
  return {
    user: { name: `system:${user}`, groups: [MASTERS] },
    fieldManager,
    fieldValidation: 'Ignore',
    dryRun,
    internal: true,
    now: () => Date.now(),
    warn: () => undefined,
  };
}
