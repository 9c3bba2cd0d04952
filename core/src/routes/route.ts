import { isDns1123Subdomain } from '../apps/name-rules.ts';
import { badRequest } from '../apps/published-errors.ts';
import type { EpinioError } from '../kernel/errors.ts';

/** A public host and a path below it, as an application's route names them. */
export interface AppRoute {
  readonly host: string;
  /** Begins with a slash; "/" takes the whole host. */
  readonly path: string;
}

const SCHEME = /^[a-z][a-z0-9+.-]*:\/\//i;
const PATH = /^\/[A-Za-z0-9._~!$&'()*+,;=:@%/-]*$/;

/**
 * Reads a route as users write it: a scheme is dropped, a path is optional, hosts are lower-cased.
 * Fails with the published 400.
 */
export function parseRoute(text: string): AppRoute {
  const plain = text.trim().replace(SCHEME, '');
  const slash = plain.indexOf('/');
  const host = (slash < 0 ? plain : plain.slice(0, slash)).toLowerCase();
  const path = slash < 0 ? '/' : plain.slice(slash).replace(/(?<=.)\/+$/, '');
  const bare = host.startsWith('*.') ? host.slice(2) : host;
  if (!isDns1123Subdomain(bare)) throw invalid(text, `"${host}" is no host name`);
  if (!PATH.test(path)) throw invalid(text, `"${path}" is no path`);
  return { host, path };
}

function invalid(text: string, why: string): EpinioError {
  return badRequest('ROUTE_INVALID', `invalid route '${text}': ${why}`, {
    details: ['failed to parse route'],
    fix: 'Write a route as HOST or HOST/PATH, without a port',
  });
}

/** As the API shows it: without a scheme, and without the path "/". */
export function routeText({ host, path }: AppRoute): string {
  return `${host}${path}`.replace(/\/$/, '');
}

/** Routes as they are stored: parsed, and each once. */
export function normalRoutes(texts: readonly string[]): readonly string[] {
  return [...new Set(texts.map((text) => routeText(parseRoute(text))))];
}

/** The route that an application gets when it asks for none in particular. */
export function defaultRoute(app: string, domain: string): string {
  return `${app}.${domain}`;
}
