import type { RequestListener } from 'node:http';
import type { Log } from '@epinio/core';
import { isDiskFull } from '../disk.ts';
import { authenticate } from './authentication.ts';
import { isClientGone, type RegistryDeps } from './exchange.ts';
import { OciError, sendError } from './oci-error.ts';
import { route } from './router.ts';

export interface ServeOptions {
  readonly username: string;
  readonly password: string;
  readonly log: Log;
}

/** The registry as a handler of requests. */
export function serve(deps: RegistryDeps, { username, password, log }: ServeOptions): RequestListener {
  return (request, response) => {
    response.setHeader('docker-distribution-api-version', 'registry/2.0');
    response.setHeader('x-content-type-options', 'nosniff');
    const answering = (async () => {
      authenticate(request, username, password);
      await route(request, response, deps);
    })();
    answering.catch((error: unknown) => {
      if (response.headersSent) response.destroy();
      else if (isClientGone(error) && request.destroyed) return;
      else sendError(response, asOciError(error));
      request.resume(); // what is still to come goes nowhere, so that the client gets to read the answer
      if (!(error instanceof OciError) && !isClientGone(error)) {
        log.error('A request to the registry failed', {
          method: request.method,
          path: request.url?.split('?')[0],
          error,
        });
      }
    });
  };
}

function asOciError(error: unknown): OciError {
  if (error instanceof OciError) return error;
  if (isDiskFull(error)) return new OciError(507, 'DISK_FULL', 'the disk of the registry is full');
  return new OciError(500, 'UNKNOWN', 'the registry failed: see the log of the Epinio server');
}
