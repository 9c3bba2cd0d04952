import { EpinioError } from '../kernel/errors.ts';
import type { ApiContext } from './context.ts';

export interface HostRules {
  /** `epinio.<domain>`: with any port, since an ingress may be published on any. */
  readonly publicHost: string;
  /** Where the server itself listens; undefined while it does not. */
  readonly listenPort: () => number | undefined;
  /** Other origins whose pages may call the API; `*` for all. */
  readonly allowedOrigins: readonly string[];
}

const LOOPBACK = new Set(['127.0.0.1', 'localhost', '[::1]']);

/**
 * Refuses requests whose Host or Origin is not the platform's own. A page in a browser can make its own name resolve to this
 * machine, and then speak to servers that only listen on loopback: but the Host it sends stays its own.
 */
export function checkHost(c: ApiContext, rules: HostRules): void {
  const host = c.req.header('host') ?? '';
  if (!isOwn(host, rules)) {
    throw new EpinioError('HOST_UNKNOWN', `host '${host.slice(0, 260)}' is not served here`, {
      status: 421,
      fix: `Use https://${rules.publicHost}`,
    });
  }
  const origin = c.req.header('origin');
  if (origin === undefined || isAllowed(origin, rules)) return;
  if (!/^https?:\/\//.test(origin) || !isOwn(origin.replace(/^https?:\/\//, ''), rules)) {
    throw new EpinioError('ORIGIN_FORBIDDEN', `origin '${origin.slice(0, 260)}' may not call this API`, {
      status: 403,
    });
  }
}

/** True for an origin that the operator has allowed. */
export function isAllowed(origin: string, { allowedOrigins }: HostRules): boolean {
  const plain = origin.replace(/\/$/, '');
  return allowedOrigins.some((allowed) => allowed === '*' || allowed.replace(/\/$/, '') === plain);
}

function isOwn(authority: string, { publicHost, listenPort }: HostRules): boolean {
  const match = /^(\[[0-9a-f:.]+\]|[^:/\s]+)(?::(\d{1,5}))?$/i.exec(authority);
  if (match === null) return false;
  const [, name = '', port] = match;
  const host = name.toLowerCase().replace(/\.$/, '');
  if (host === publicHost.toLowerCase()) return true;
  const own = listenPort();
  return LOOPBACK.has(host) && own !== undefined && Number(port ?? 80) === own;
}
