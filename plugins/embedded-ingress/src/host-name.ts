/** The host and port that a client asked for, from `Host` or `:authority`. */
export interface Authority {
  /** Lower case, without a trailing dot; IPv6 addresses in brackets. */
  readonly host: string;
  readonly port: number | undefined;
}

const AUTHORITY = /^(\[[0-9a-f:.]+\]|[a-z0-9_-]+(?:\.[a-z0-9_-]+)*)\.?(?::([0-9]{1,5}))?$/i;
const LONGEST_NAME = 255;

/** @returns undefined for what is not a host name or address with an optional port (RFC 3986, 3.2.2). */
export function parseAuthority(text: string): Authority | undefined {
  const match = text.length > LONGEST_NAME + 6 ? null : AUTHORITY.exec(text);
  if (match?.[1] === undefined) return undefined;
  const port = match[2] === undefined ? undefined : Number(match[2]);
  if (port !== undefined && port > 65535) return undefined;
  return { host: match[1].toLowerCase(), port };
}

/** The wildcard that covers a name, one label deep as Kubernetes defines it: `*.b.c` for `a.b.c`. */
export function wildcardOf(host: string): string | undefined {
  const dot = host.indexOf('.');
  return dot <= 0 || dot === host.length - 1 ? undefined : `*${host.slice(dot)}`;
}
