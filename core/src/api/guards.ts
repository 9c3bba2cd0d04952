import { notFound } from '../apps/published-errors.ts';
import type { Authentication } from './authentication.ts';
import { checkPermitted } from './authentication.ts';
import type { ApiContext } from './context.ts';
import type { Guard } from './operation.ts';
import type { Platform } from './platform.ts';

export interface Guards {
  readonly rest: readonly Guard[];
  readonly sockets: readonly ((c: ApiContext) => Promise<void>)[];
}

/** What is looked at before a request reaches its handler, in the published order. */
export function createGuards(
  { namespaces, users, authTokens }: Platform,
  authentication: Authentication,
  version: string,
): Guards {
  const versionHeader = (c: ApiContext): void => c.header('epinio-version', version);

  const namespaceExists = (c: ApiContext): void => {
    const name = c.req.param('namespace');
    if (name !== undefined && name !== '' && !namespaces.exists(name)) throw notFound('namespace', name);
  };

  return {
    rest: [
      async (c, { access }) => {
        if (access !== 'public') c.set('user', await authentication.user(c));
        versionHeader(c);
        if (access !== 'permitted') return;
        namespaceExists(c);
        checkPermitted(c.get('user'));
      },
    ],
    sockets: [
      async (c) => {
        c.set('user', users.find(await authTokens.verify(c.req.query('authtoken') ?? '')));
        versionHeader(c);
        namespaceExists(c);
        checkPermitted(c.get('user'));
      },
    ],
  };
}
