import type { IngressBackend, IngressObject } from '@epinio/core';
import { wildcardOf } from './host-name.ts';

export interface SecretName {
  readonly namespace: string;
  readonly name: string;
}

/** The port of a Service, as an Ingress names it. */
export interface ServicePortRef {
  readonly namespace: string;
  readonly service: string;
  readonly port: number | string;
}

/** One host and path that an Ingress holds. */
export interface Claim {
  readonly namespace: string;
  /** The Ingress's name. */
  readonly ingress: string;
  /** The application as the user knows it; the Service's name when the Ingress does not say. */
  readonly application: string;
  /** Lower case; "*.x" for a wildcard, empty for every host. */
  readonly host: string;
  /** Begins with a slash; a prefix has no slash at its end, unless it is "/". */
  readonly path: string;
  readonly isExact: boolean;
  readonly backend: ServicePortRef;
  readonly tlsSecret: SecretName | undefined;
}

/** A host and path that an Ingress asks for and does not get. */
export interface Refusal {
  readonly ingress: IngressObject;
  readonly host: string;
  readonly path: string;
  /** Why, with the owner's name: for the Ingress's own Events, never for the public. */
  readonly reason: string;
}

export interface ClaimRules {
  readonly platform: { readonly host: string; readonly namespace: string };
  /** Hosts whose paths may belong to several namespaces. */
  readonly sharedHosts: readonly string[];
}

/**
 * Decides who holds which host and path. The oldest Ingress (then by namespace and name) keeps what it has;
 * a host belongs to the namespace of its oldest Ingress, so that nobody slips a path under another tenant's
 * address; and the platform's host belongs to the platform's namespace alone.
 */
export function settleClaims(
  ingresses: readonly IngressObject[],
  rules: ClaimRules,
): { readonly claims: readonly Claim[]; readonly refusals: readonly Refusal[] } {
  const claims: Claim[] = [];
  const refusals: Refusal[] = [];
  const hostOwner = new Map<string, IngressObject>();
  const holders = new Map<string, IngressObject>();

  for (const ingress of ingresses.toSorted(byAge)) {
    for (const claim of claimsOf(ingress)) {
      const key = `${claim.host}\n${claim.isExact ? '=' : '^'}${claim.path}`;
      const holder = holders.get(key);
      if (holder === ingress) continue; // said twice in one Ingress
      const reason = refusal(claim, hostOwner.get(claim.host), holder, rules);
      if (reason !== undefined) {
        refusals.push({ ingress, host: claim.host, path: claim.path, reason });
        continue;
      }
      if (!hostOwner.has(claim.host)) hostOwner.set(claim.host, ingress);
      holders.set(key, ingress);
      claims.push(claim);
    }
  }
  return { claims, refusals };
}

function refusal(
  claim: Claim,
  hostOwner: IngressObject | undefined,
  holder: IngressObject | undefined,
  { platform, sharedHosts }: ClaimRules,
): string | undefined {
  const what = claim.host === '' ? 'every host' : `host "${claim.host}"`;
  if (claim.host === platform.host && claim.namespace !== platform.namespace) {
    return `${what} belongs to the platform`;
  }
  if (holder !== undefined)
    return `${what}, path "${claim.path}" belongs to ${nameOf(holder)}, which is older`;
  if (
    hostOwner !== undefined &&
    hostOwner.metadata.namespace !== claim.namespace &&
    !sharedHosts.includes(claim.host)
  ) {
    return `${what} belongs to namespace "${hostOwner.metadata.namespace ?? ''}" by ${nameOf(hostOwner)}, which is older`;
  }
  return undefined;
}

function nameOf({ metadata }: IngressObject): string {
  return `Ingress "${metadata.name}" in namespace "${metadata.namespace ?? ''}"`;
}

/** Creation times have seconds, so the name decides between those of one second. */
function byAge(a: IngressObject, b: IngressObject): number {
  const time = (ingress: IngressObject): number => Date.parse(ingress.metadata.creationTimestamp ?? '') || 0;
  const name = (ingress: IngressObject): string =>
    `${ingress.metadata.namespace ?? ''}/${ingress.metadata.name}`;
  return time(a) - time(b) || (name(a) < name(b) ? -1 : 1);
}

/** What an Ingress asks for. Foreign Ingresses may lack anything: what cannot be served is left out. */
function claimsOf(ingress: IngressObject): Claim[] {
  const { namespace = '', name, labels } = ingress.metadata;
  const claims: Claim[] = [];
  const add = (
    host: string,
    path: string,
    isExact: boolean,
    { service }: Pick<IngressBackend, 'service'>,
  ): void => {
    const port = service?.port?.number ?? service?.port?.name;
    if (service === undefined || port === undefined) return;
    claims.push({
      namespace,
      ingress: name,
      application: labels?.['app.kubernetes.io/name'] ?? service.name,
      host,
      path,
      isExact,
      backend: { namespace, service: service.name, port },
      tlsSecret: tlsSecretOf(ingress, host),
    });
  };

  const rules = ingress.spec?.rules ?? [];
  for (const rule of rules) {
    const host = (rule.host ?? '').toLowerCase().replace(/\.$/, '');
    for (const { path = '/', pathType, backend } of rule.http?.paths ?? []) {
      const isExact = pathType === 'Exact';
      add(host, isExact ? path : path.replace(/\/+$/, '') || '/', isExact, backend);
    }
  }
  if (rules.length === 0 && ingress.spec?.defaultBackend !== undefined) {
    add('', '/', false, ingress.spec.defaultBackend);
  }
  return claims;
}

/** The first `tls` entry of the Ingress that covers the host; one without hosts covers all of them. */
function tlsSecretOf(ingress: IngressObject, host: string): SecretName | undefined {
  const namespace = ingress.metadata.namespace ?? '';
  for (const { hosts = [], secretName } of ingress.spec?.tls ?? []) {
    if (secretName === undefined) continue;
    const names = hosts.map((covered) => covered.toLowerCase());
    if (names.length === 0 || names.includes(host) || names.includes(wildcardOf(host) ?? host)) {
      return { namespace, name: secretName };
    }
  }
  return undefined;
}
