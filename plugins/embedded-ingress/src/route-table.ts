import { wildcardOf } from './host-name.ts';
import type { Claim, SecretName } from './route-claims.ts';

/** What a request's host and path lead to. */
export type Match =
  | { readonly found: 'route'; readonly claim: Claim }
  /** Nothing is published at this host. */
  | { readonly found: 'no-host' }
  /** The host is published, but no path of it takes this one. */
  | { readonly found: 'no-path' };

/** Finds the route of a request and the certificate of a host. Immutable: a change makes a new table. */
export interface RouteTable {
  readonly claims: readonly Claim[];
  /** @param host lower case @param path begins with a slash, without the query */
  match(host: string, path: string): Match;
  /** The Secret that holds the certificate for a server name, by its route. */
  certificateFor(serverName: string): SecretName | undefined;
}

/**
 * @param claims oldest first: of several certificates for one host, the oldest route's is shown
 * @param platform its host is answered for by its namespace alone, so by no one else's wildcard either
 */
export function createRouteTable(
  claims: readonly Claim[],
  platform: { readonly host: string; readonly namespace: string },
): RouteTable {
  const byHost = new Map<string, Claim[]>();
  for (const claim of claims) {
    const known = byHost.get(claim.host);
    if (known === undefined) byHost.set(claim.host, [claim]);
    else known.push(claim);
  }
  const byPath = new Map([...byHost].map(([host, list]) => [host, list.toSorted(byPrecedence)]));

  /** An exact name takes its whole host; then the wildcard; then rules without a host. */
  function find(hosts: ReadonlyMap<string, readonly Claim[]>, host: string): readonly Claim[] {
    const wildcard = wildcardOf(host);
    const found =
      hosts.get(host) ?? (wildcard === undefined ? undefined : hosts.get(wildcard)) ?? hosts.get('') ?? [];
    return host === platform.host ? found.filter((claim) => claim.namespace === platform.namespace) : found;
  }

  return {
    claims,
    match(host, path) {
      const candidates = find(byPath, host);
      if (candidates.length === 0) return { found: 'no-host' };
      const claim = candidates.find((candidate) => takes(candidate, path));
      return claim === undefined ? { found: 'no-path' } : { found: 'route', claim };
    },
    certificateFor(serverName) {
      return find(byHost, serverName).find((claim) => claim.tlsSecret !== undefined)?.tlsSecret;
    },
  };
}

/** Longest path first; of equal ones, the exact one. */
function byPrecedence(a: Claim, b: Claim): number {
  return b.path.length - a.path.length || (a.isExact === b.isExact ? 0 : a.isExact ? -1 : 1);
}

/** Kubernetes' path matching: a prefix ends at a slash, so that `/shop` does not take `/shopping`. */
function takes(claim: Claim, path: string): boolean {
  if (claim.isExact) return path === claim.path;
  if (claim.path === '/') return true;
  return (
    path.startsWith(claim.path) && (path.length === claim.path.length || path[claim.path.length] === '/')
  );
}
