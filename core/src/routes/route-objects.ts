import { type AppObject, ownedBy } from '../apps/app-object.ts';
import { appLabels, labels } from '../apps/labels.ts';
import { templateName } from '../apps/names.ts';
import type { Certs } from '../contracts/certs.ts';
import type { Ingress } from '../contracts/ingress.ts';
import type { KubeObject } from '../kernel/component.ts';
import type { Secret } from '../kube/kinds.ts';
import { type AppRoute, parseRoute, routeText } from './route.ts';

export interface RouteObjectsDeps {
  readonly ingress: Pick<Ingress, 'routeObjects'>;
  readonly certs: Pick<Certs, 'certificateObjects'>;
  readonly issuer: string;
}

/** What publishes one route of an application. */
export interface RouteObjects {
  /** As the API shows it. */
  readonly route: string;
  readonly objects: readonly KubeObject[];
  /** Where the certificate will be; somebody else's when `isOwnCertificate` is false. */
  readonly tlsSecret: string;
  readonly isOwnCertificate: boolean;
}

/**
 * The objects for a route, in the order in which they should be applied. A Secret of the namespace that is labelled
 * as the certificate for the host replaces the generated one.
 */
export function routeObjects(
  deps: RouteObjectsDeps,
  app: AppObject,
  text: string,
  service: { readonly name: string; readonly port: number },
  routingSecrets: readonly Secret[],
): RouteObjects {
  const route = parseRoute(text);
  const { name: appName, namespace = '' } = app.metadata;
  const id = `${appName}-${routeText(route).replaceAll('/', '.')}`;
  const provided = providedCertificate(route, routingSecrets);
  const tlsSecret = provided ?? templateName(`${id}-tls`);
  const common = { name: templateName(id), namespace, labels: appLabels({ name: appName, namespace }) };
  const certificate =
    provided === undefined
      ? deps.certs.certificateObjects({
          ...common,
          dnsNames: [route.host],
          secretName: tlsSecret,
          issuer: deps.issuer,
        })
      : [];
  const published = deps.ingress.routeObjects({ ...common, ...route, service, tlsSecret });
  return {
    route: routeText(route),
    objects: [...certificate, ...published].map((object) => owned(object, app)),
    tlsSecret,
    isOwnCertificate: provided === undefined,
  };
}

function owned(object: KubeObject, app: AppObject): KubeObject {
  return { ...object, metadata: { ...object.metadata, ownerReferences: [ownedBy(app)] } };
}

/** The exact host wins, then the longest pattern. */
function providedCertificate({ host }: AppRoute, secrets: readonly Secret[]): string | undefined {
  const matching = secrets
    .map(({ metadata }) => ({ name: metadata.name, pattern: metadata.labels?.[labels.routing] ?? '' }))
    .filter(({ pattern }) => pattern !== '' && matches(pattern, host))
    .sort(
      (a, b) =>
        Number(b.pattern === host) - Number(a.pattern === host) || b.pattern.length - a.pattern.length,
    );
  return matching[0]?.name;
}

/** A star stands for any text without a dot. Label values cannot hold one: there, `_.` in front means the same. */
function matches(pattern: string, host: string): boolean {
  const words = pattern.replace(/^_\./, '*.').split('*');
  const expression = words.map((word) => word.replace(/[.\\+?^$|[\]{}()]/g, '\\$&')).join('[^.]*');
  return new RegExp(`^${expression}$`).test(host);
}
