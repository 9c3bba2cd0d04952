import { request as httpRequest, type ClientRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { badRequest } from '../../apps/published-errors.ts';
import { messageOf } from '../../kernel/errors.ts';
import { passwordWanted, repositoryMissing } from './git-errors.ts';
import { type GitUrl, parseGitUrl } from './git-url.ts';
import { type Lookup, safeAddresses } from './safe-addresses.ts';

/** A repository that answers, with the addresses that were checked. */
export interface Remote {
  readonly target: GitUrl;
  /** Empty for local repositories. */
  readonly addresses: readonly string[];
}

const MAX_REDIRECTS = 5;
const TIMEOUT_MS = 30_000;

/**
 * Finds where a repository really is. Git itself is told to follow no redirect, since it would not check where to: here
 * every hop's addresses are looked at first. Fails when the repository is missing or wants a password.
 */
export async function findRemote(
  start: GitUrl,
  options: { readonly lookup?: Lookup | undefined; readonly signal: AbortSignal },
): Promise<Remote> {
  if (start.protocol === 'file:') return { target: start, addresses: [] };
  let target = start;
  for (let hop = 0; hop <= MAX_REDIRECTS; hop++) {
    const addresses = await safeAddresses(target.host, options.lookup);
    if (target.protocol === 'ssh:') return { target, addresses };
    const next = await ask(target, addresses, options.signal);
    if (next === undefined) return { target, addresses };
    target = next;
  }
  throw badRequest(
    'GIT_REDIRECTS',
    `git repository '${start.url}' redirects more than ${MAX_REDIRECTS} times`,
  );
}

/** @returns where it was moved to, or undefined when it is here. */
async function ask(
  target: GitUrl,
  addresses: readonly string[],
  signal: AbortSignal,
): Promise<GitUrl | undefined> {
  const base = target.url.replace(/\/+$/, '');
  const url = new URL(`${base}/info/refs?service=git-upload-pack`);
  const response = await open(
    url,
    target,
    addresses,
    AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
  );
  response.destroy();
  const { statusCode = 0, headers } = response;
  if (statusCode >= 300 && statusCode < 400 && headers.location !== undefined) {
    return moved(target, new URL(headers.location, url));
  }
  if (statusCode === 401 || statusCode === 403) throw passwordWanted(target.url);
  if (statusCode === 404 || statusCode === 410) throw repositoryMissing(target.url);
  if (statusCode >= 400) {
    throw badRequest('GIT_FAILED', `git repository '${target.url}' answers with status ${statusCode}`);
  }
  return undefined;
}

function moved(from: GitUrl, location: URL): GitUrl {
  const to = new URL(location);
  to.pathname = to.pathname.replace(/\/info\/refs$/, '');
  to.search = '';
  const next = parseGitUrl(to.href, { allowFile: false });
  // A password is for the host it was given for, and never goes from https to http.
  const isSameHost = next.host === from.host && next.port === from.port && next.protocol === from.protocol;
  return isSameHost && from.credentials !== undefined ? { ...next, credentials: from.credentials } : next;
}

function open(
  url: URL,
  { credentials, url: shown }: GitUrl,
  addresses: readonly string[],
  signal: AbortSignal,
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const options = {
      headers: { 'user-agent': 'git/2 (epinio)', accept: '*/*' },
      ...(credentials === undefined ? {} : { auth: `${credentials.user}:${credentials.password}` }),
      lookup: pinned(addresses),
      signal,
    };
    const outgoing: ClientRequest =
      url.protocol === 'https:' ? httpsRequest(url, options) : httpRequest(url, options);
    outgoing.on('response', resolve);
    outgoing.on('error', (cause) => {
      reject(
        badRequest('GIT_UNREACHABLE', `git repository '${shown}' cannot be reached: ${messageOf(cause)}`, {
          cause,
        }),
      );
    });
    outgoing.end();
  });
}

type LookupDone = (
  error: null,
  address: string | { address: string; family: number }[],
  family?: number,
) => void;

/** A resolver that knows only the addresses that were checked. */
function pinned(addresses: readonly string[]): never {
  const all = addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
  const lookup = (_host: string, options: { all?: boolean }, done: LookupDone): void => {
    const [first = { address: '', family: 4 }] = all;
    if (options.all === true) done(null, all);
    else done(null, first.address, first.family);
  };
  return lookup as never;
}
