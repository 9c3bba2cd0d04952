import { lookup as systemLookup } from 'node:dns/promises';
import { BlockList, isIP } from 'node:net';
import { badRequest } from '../../apps/published-errors.ts';

/** Resolves a host to all of its addresses. */
export type Lookup = (
  host: string,
) => Promise<readonly { readonly address: string; readonly family: number }[]>;

const forbidden = new BlockList();
// Link-local, where clouds answer with the credentials of the machine.
forbidden.addSubnet('169.254.0.0', 16, 'ipv4');
forbidden.addSubnet('fe80::', 10, 'ipv6');
// The same service at addresses of its own: AWS (IPv6), Alibaba, Oracle.
forbidden.addAddress('fd00:ec2::254', 'ipv6');
forbidden.addAddress('100.100.100.200', 'ipv4');
forbidden.addAddress('192.0.0.192', 'ipv4');
// Written as IPv6 by translators.
forbidden.addSubnet('64:ff9b::a9fe:0', 112, 'ipv6');
forbidden.addSubnet('::a9fe:0', 112, 'ipv6');

export function isForbidden(address: string): boolean {
  const family = isIP(address);
  return family === 0 || forbidden.check(address, family === 6 ? 'ipv6' : 'ipv4');
}

/**
 * All addresses of a host that is to be fetched from. Fails when one of them is link-local or a cloud's metadata service.
 * The caller connects to these and does not resolve again: a second answer could be another one.
 */
export async function safeAddresses(host: string, lookup: Lookup = resolve): Promise<readonly string[]> {
  let found: Awaited<ReturnType<Lookup>>;
  try {
    found = await lookup(host);
  } catch (cause) {
    throw badRequest('GIT_HOST_UNKNOWN', `host '${host}' of the giturl cannot be resolved`, { cause });
  }
  const addresses = found.map(({ address }) => address);
  if (addresses.length === 0 || addresses.some(isForbidden)) {
    throw badRequest(
      'GIT_HOST_FORBIDDEN',
      `host '${host}' of the giturl has a link-local address, which is refused`,
    );
  }
  return addresses;
}

/** Names under `.localhost` are loopback (RFC 6761), though not every system's resolver knows. */
async function resolve(host: string): ReturnType<Lookup> {
  if (host === 'localhost' || host.endsWith('.localhost')) return [{ address: '127.0.0.1', family: 4 }];
  return systemLookup(host, { all: true });
}
