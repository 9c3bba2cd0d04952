import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { TLSSocket, type PeerCertificate } from 'node:tls';
import { INVALID, TokenError } from './tokens/check-claims.ts';
import { ISSUER } from './tokens/claims.ts';
import type { ProvenToken, ServiceAccountTokens } from './tokens/service-account-tokens.ts';
import { ANONYMOUS, authenticated, MASTERS, type User } from './user.ts';

/** Answers who a request comes from: a client certificate of the cluster's CA, or a bearer token that it knows. */
export interface Authenticator {
  /** @returns undefined for a proof that is wrong; `ANONYMOUS` without one */
  authenticate(request: IncomingMessage): User | undefined | Promise<User | undefined>;
  /** Whom a bearer token belongs to, for one of these audiences at least. Fails with TokenError. */
  authenticateToken(token: string, audiences: readonly string[]): Promise<ProvenToken>;
}

/** Knows the administrator by token, service accounts by theirs, and everybody by certificate. */
export function createAuthenticator(adminToken: string, tokens: ServiceAccountTokens): Authenticator {
  const adminHash = sha256(adminToken);
  const isAdmin = (token: string): boolean => timingSafeEqual(sha256(token), adminHash);
  const admin = authenticated('admin', [MASTERS]);
  const byConnection = new WeakMap<object, { readonly user: User }>();
  return {
    authenticate(request) {
      const token = /^bearer (\S+)/i.exec(request.headers.authorization ?? '')?.[1];
      if (token !== undefined) {
        return isAdmin(token) ? admin : tokens.authenticate(token).then((proven) => proven?.user, notHere);
      }
      // A certificate belongs to its connection: it is read once.
      let known = byConnection.get(request.socket);
      if (known === undefined) {
        known = { user: byCertificate(request) ?? ANONYMOUS };
        byConnection.set(request.socket, known);
      }
      return known.user;
    },

    async authenticateToken(token, audiences) {
      const proven = isAdmin(token)
        ? { user: admin, audiences: audiences.filter((audience) => audience === ISSUER) }
        : await tokens.authenticate(token, audiences);
      if (proven === undefined || proven.audiences.length === 0) throw new TokenError(INVALID);
      return proven;
    },
  };
}

/** A token that counts for nobody proves nobody; anything else is no answer to that. */
function notHere(error: unknown): undefined {
  if (!(error instanceof TokenError)) throw error;
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
