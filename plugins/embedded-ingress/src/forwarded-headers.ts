import { BlockList, isIPv6 } from 'node:net';
import { parseAuthority } from './host-name.ts';

/** What is known of the client's side of a request. */
export interface ClientSide {
  /** IP address of the peer. */
  readonly remoteAddress: string;
  /** The authority that the client asked for, as it wrote it. */
  readonly authority: string;
}

/** Fields that only a trusted proxy may set: an application decides by them who its client is. */
const CLAIMS = new Set([
  'forwarded',
  'x-forwarded-for',
  'x-forwarded-proto',
  'x-forwarded-host',
  'x-forwarded-port',
  'x-forwarded-server',
  'x-forwarded-scheme',
  'x-forwarded-ssl',
  'x-real-ip',
]);

/**
 * True for a header field, in lower case, that tells an application who its client is. An underscore counts
 * as a dash, because CGI and WSGI applications cannot tell them apart.
 */
export function isForwardingClaim(name: string): boolean {
  return CLAIMS.has(name) || (name.includes('_') && CLAIMS.has(name.replaceAll('_', '-')));
}

/** True for addresses of the proxies in front of this one. */
export type TrustsPeer = (remoteAddress: string) => boolean;

/** @param networks CIDRs, already checked */
export function trustNetworks(networks: readonly string[]): TrustsPeer {
  if (networks.length === 0) return () => false;
  const trusted = new BlockList();
  for (const network of networks) {
    const [address = '', prefix = ''] = network.split('/');
    trusted.addSubnet(address, Number(prefix), isIPv6(address) ? 'ipv6' : 'ipv4');
  }
  return (remoteAddress) => trusted.check(remoteAddress, isIPv6(remoteAddress) ? 'ipv6' : 'ipv4');
}

/**
 * The X-Forwarded-* fields of a request, as name and value pairs. What a trusted proxy said is kept, with
 * itself added to X-Forwarded-For; what anyone else said is not.
 * @param claimed fields of that kind that came with the request, by lower-case name
 */
export function forwardedHeaders(
  client: ClientSide,
  claimed: ReadonlyMap<string, string>,
  isTrusted: boolean,
): string[] {
  const said = (name: string): string | undefined => (isTrusted ? claimed.get(name) : undefined);
  const { remoteAddress, authority } = client;
  const chain = said('x-forwarded-for');
  // A client names every port but its scheme's own (RFC 9110, 4.2.2).
  const port = parseAuthority(authority)?.port ?? 443;
  const headers = [
    'X-Forwarded-For',
    chain === undefined ? remoteAddress : `${chain}, ${remoteAddress}`,
    'X-Forwarded-Proto',
    said('x-forwarded-proto') ?? 'https',
    'X-Forwarded-Host',
    said('x-forwarded-host') ?? authority,
    'X-Forwarded-Port',
    said('x-forwarded-port') ?? String(port),
    'X-Real-IP',
    said('x-real-ip') ?? remoteAddress,
  ];
  const forwarded = said('forwarded');
  if (forwarded !== undefined) headers.push('Forwarded', forwarded);
  return headers;
}
