import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { TLSSocket, type PeerCertificate } from 'node:tls';
import { ANONYMOUS, authenticated, MASTERS, type User } from './user.ts';

/** Answers who a request comes from: a client certificate of the cluster's CA, or a bearer token that it knows. */
export interface Authenticator {
  /** @returns undefined for a proof that is wrong; `ANONYMOUS` without one */
  authenticate(request: IncomingMessage): User | undefined | Promise<User | undefined>;
}

/** Knows the administrator by token, and everybody by certificate. */
export function createAuthenticator(adminToken: string): Authenticator {
  const adminHash = sha256(adminToken);
  const byConnection = new WeakMap<object, { readonly user: User }>();
  return {
    authenticate(request) {
      const { authorization } = request.headers;
      if (authorization !== undefined) {
        const token = /^Bearer +(\S+)$/i.exec(authorization)?.[1];
        if (token === undefined) return undefined;
        return timingSafeEqual(sha256(token), adminHash) ? authenticated('admin', [MASTERS]) : undefined;
      }
      // A certificate belongs to its connection: it is read once.
      let known = byConnection.get(request.socket);
      if (known === undefined) {
        known = { user: byCertificate(request) ?? ANONYMOUS };
        byConnection.set(request.socket, known);
      }
      return known.user;
    },
  };
}

/** The common name is the user, the organisations are the groups. */
function byCertificate({ socket }: IncomingMessage): User | undefined {
  if (!(socket instanceof TLSSocket) || !socket.authorized) return undefined;
  const { subject } = socket.getPeerCertificate() as Partial<PeerCertificate>;
  const name: unknown = subject?.CN;
  if (typeof name !== 'string') return undefined;
  const groups: unknown = subject?.O;
  return authenticated(
    name,
    Array.isArray(groups) ? groups.map(String) : typeof groups === 'string' ? [groups] : [],
  );
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
