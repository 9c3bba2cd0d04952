import { badRequest } from '../../apps/published-errors.ts';
import { withoutPassword } from '../../apps/without-password.ts';
import { messageOf } from '../../kernel/errors.ts';

/** A repository's address, taken apart. */
export interface GitUrl {
  readonly protocol: 'http:' | 'https:' | 'ssh:' | 'file:';
  /** Without user and password. For SSH the user stays: it is no secret, and part of the address. */
  readonly url: string;
  readonly host: string;
  readonly port: number;
  /** From the URL; never on a command line. */
  readonly credentials?: { readonly user: string; readonly password: string };
}

const EXAMPLE = 'Use a URL such as https://example.org/me/app';

const DEFAULT_PORT = { 'http:': 80, 'https:': 443, 'ssh:': 22, 'file:': 0 } as const;

/** Reads a repository's URL. Fails with the published 400s, and for anything but http, https and ssh. */
export function parseGitUrl(text: string, options: { readonly allowFile: boolean }): GitUrl {
  if (text === '') throw badRequest('GIT_URL_MISSING', 'missing giturl');
  const parsed = parse(text);
  const protocol = parsed.protocol as GitUrl['protocol'];
  const isLocal = protocol === 'file:' && options.allowFile;
  if (!(protocol in DEFAULT_PORT) || (protocol === 'file:' && !isLocal)) {
    throw badRequest('GIT_URL_SCHEME', `giturl [${withoutPassword(text)}] is not http, https or ssh`, {
      fix: EXAMPLE,
    });
  }
  const isClean = isLocal || /^[a-z0-9[]/i.test(parsed.hostname);
  // What git and ssh would take for an option, or for something else than an address.
  if (!isClean || /[\s\\]/.test(text) || /^-/.test(decodeURIComponent(parsed.username))) {
    throw badRequest('GIT_URL_INVALID', `invalid giturl ${withoutPassword(text)}`, { fix: EXAMPLE });
  }
  return {
    protocol,
    url: cleaned(parsed),
    host: parsed.hostname.replace(/^\[|\]$/g, ''),
    port: Number(parsed.port) || DEFAULT_PORT[protocol],
    ...credentialsOf(parsed),
  };
}

function parse(text: string): URL {
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(text)?.[1];
  if (scheme === undefined && !/^[^/]*:/.test(text)) {
    throw badRequest('GIT_URL_INVALID', 'missing scheme or host in giturl [://]', {
      details: [`"${text}" is not the URL of a repository`],
      fix: EXAMPLE,
    });
  }
  let url: URL;
  try {
    url = new URL(text);
  } catch (cause) {
    throw badRequest('GIT_URL_INVALID', `invalid giturl ${withoutPassword(text)}: ${messageOf(cause)}`, {
      fix: sshUrl(text) ?? EXAMPLE,
    });
  }
  if (scheme === undefined || (url.hostname === '' && url.protocol !== 'file:')) {
    throw badRequest('GIT_URL_INVALID', `missing scheme or host in giturl [${scheme ?? ''}://${url.host}]`, {
      details: [`"${withoutPassword(text)}" is not the URL of a repository`],
      fix: EXAMPLE,
    });
  }
  return url;
}

/** What ssh's short form `git@host:path` is as a URL. */
function sshUrl(text: string): string | undefined {
  const [, user, host, path] = /^([\w.-]+)@([\w.-]+):\/?([^\s\\:]+)$/.exec(text) ?? [];
  return path === undefined ? undefined : `Write it as ssh://${user ?? ''}@${host ?? ''}/${path}`;
}

function cleaned(parsed: URL): string {
  const copy = new URL(parsed);
  copy.password = '';
  if (copy.protocol !== 'ssh:') copy.username = '';
  copy.hash = '';
  return copy.href;
}

function credentialsOf({ protocol, username, password }: URL): Pick<GitUrl, 'credentials'> {
  if (protocol === 'ssh:' || (username === '' && password === '')) return {};
  return { credentials: { user: decodeURIComponent(username), password: decodeURIComponent(password) } };
}

/** A branch, tag or commit as git would read it, and nothing that it would read as an option or an expression. */
export function checkRevision(revision: string): void {
  const isPlain = /^[A-Za-z0-9_][A-Za-z0-9._/@+#-]{0,254}$/.test(revision);
  if (!isPlain || revision.includes('..') || revision.includes('@{') || /[./]$/.test(revision)) {
    throw badRequest('GIT_REVISION_INVALID', `'${revision.slice(0, 80)}' is no branch, tag or commit`);
  }
}
