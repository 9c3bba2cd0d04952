import type { Request } from '../registry/request.ts';

/** A request of the cluster's own parts: trusted, and without a client to warn. */
export function internalRequest(user: string, fieldManager = user, dryRun = false): Request {
  return {
    user: `system:${user}`,
    groups: ['system:masters'],
    fieldManager,
    fieldValidation: 'Ignore',
    dryRun,
    internal: true,
    now: () => Date.now(),
    warn: () => undefined,
  };
}
