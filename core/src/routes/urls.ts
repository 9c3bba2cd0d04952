import type { PublicAddress } from '../contracts/ingress.ts';

const HTTPS = 443;

/** The URL of a route (as the API shows it) at the ingress: the scheme, and the port unless it is the standard one. */
export function routeUrl(route: string, { httpsPort }: Pick<PublicAddress, 'httpsPort'>): string {
  const slash = route.indexOf('/');
  const host = slash < 0 ? route : route.slice(0, slash);
  const path = slash < 0 ? '' : route.slice(slash);
  return `https://${host}${httpsPort === HTTPS ? '' : `:${httpsPort}`}${path}`;
}
