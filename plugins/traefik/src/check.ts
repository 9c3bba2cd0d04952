import type { CheckContext, Finding, IngressClass, Kube, KubeObject } from '@epinio/core';
import type { Config } from './config.ts';
import { argumentsOf, CONTROLLER, findTraefik } from './find.ts';
import { RELEASE } from './resources.ts';

const DEFAULT = 'ingressclass.kubernetes.io/is-default-class';

/** What a person should know of the Traefik that is there, or of what stands in the way of one that is to come. */
export async function check(kube: Kube, config: Config, context: CheckContext): Promise<readonly Finding[]> {
  const { items } = await kube.list<IngressClass>(
    { apiVersion: 'networking.k8s.io/v1', kind: 'IngressClass' },
    { signal: context.signal },
  );
  const isUsed = !config.install || context.detected.owner === 'other';
  return isUsed ? checkUsed(kube, config, items, context.signal) : checkNew(config, items);
}

async function checkUsed(
  kube: Kube,
  config: Config,
  classes: readonly IngressClass[],
  signal: AbortSignal,
): Promise<readonly Finding[]> {
  const found = await findTraefik(kube, config, signal);
  return [
    ...checkClass(config, classes),
    ...(found === undefined ? [] : checkRedirect(argumentsOf(found), found.namespace)),
    ...ignored(config),
  ];
}

function checkClass({ className }: Config, classes: readonly IngressClass[]): readonly Finding[] {
  const own = classes
    .filter(({ spec }) => spec?.controller === CONTROLLER)
    .map(({ metadata }) => metadata.name);
  if (own.includes(className)) return [];
  const [other] = own;
  if (other !== undefined) {
    return [
      {
        severity: 'error',
        code: 'TRAEFIK_CLASS_NAME',
        message: `The Traefik of the cluster serves IngressClass "${other}", not "${className}"`,
        fix: `set components.ingress.with.className to ${other}`,
      },
    ];
  }
  return [
    {
      severity: 'warning',
      code: 'TRAEFIK_CLASS_MISSING',
      message: `No IngressClass of Traefik exists, so nothing serves the routes, which name the class "${className}"`,
      fix: `make it: kubectl create -f - <<< '{"apiVersion":"networking.k8s.io/v1","kind":"IngressClass","metadata":{"name":"${className}"},"spec":{"controller":"${CONTROLLER}"}}'`,
    },
  ];
}

/** A Traefik of others is never changed; what it lacks is told with what mends it. */
function checkRedirect(args: readonly string[], namespace: string): readonly Finding[] {
  if (args.some((arg) => /--entrypoints\.[^.]+\.http\.redirections\.entrypoint\.to=/i.test(arg))) return [];
  const setting = 'ports.web.http.redirections.entryPoint: { to: websecure, scheme: https, permanent: true }';
  return [
    {
      severity: 'warning',
      code: 'TRAEFIK_NO_REDIRECT',
      message: `The Traefik in namespace "${namespace}", which is not changed, does not redirect http to https`,
      fix:
        namespace === 'kube-system'
          ? `put into spec.valuesContent of HelmChartConfig "traefik" in namespace "kube-system": ${setting}`
          : `upgrade its release with the value ${setting}`,
    },
  ];
}

function ignored({ install, loadBalancerIP }: Config): readonly Finding[] {
  if (!install || loadBalancerIP === undefined) return [];
  return [
    {
      severity: 'warning',
      code: 'TRAEFIK_ADDRESS_IGNORED',
      message: `The load balancer is not asked for ${loadBalancerIP}, since the Traefik that is there is not changed`,
    },
  ];
}

function checkNew(config: Config, classes: readonly IngressClass[]): readonly Finding[] {
  const { className, defaultClass } = config;
  const taken = classes.find(({ metadata }) => metadata.name === className);
  const findings: Finding[] = [];
  if (taken !== undefined && !isOurs(taken, config)) {
    const isTraefik = taken.spec?.controller === CONTROLLER;
    findings.push({
      severity: 'error',
      code: 'TRAEFIK_CLASS_TAKEN',
      message: isTraefik
        ? `IngressClass "${className}" exists already: a Traefik seems to run in an unexpected place`
        : `IngressClass "${className}" exists already, for ${taken.spec?.controller ?? 'nobody'}`,
      fix: isTraefik
        ? 'use it with --skip-traefik, or set components.ingress.with.className to another name'
        : 'set components.ingress.with.className to another name',
    });
  }
  const other = classes.find(
    ({ metadata }) => metadata.name !== className && metadata.annotations?.[DEFAULT] === 'true',
  );
  if (defaultClass && other !== undefined) {
    findings.push({
      severity: 'warning',
      code: 'TRAEFIK_TWO_DEFAULTS',
      message: `IngressClass "${other.metadata.name}" is the default already; with two, Ingresses without a class go to the newer`,
      fix: 'set components.ingress.with.defaultClass to false',
    });
  }
  return findings;
}

function isOurs({ metadata }: KubeObject, { namespace }: Config): boolean {
  const { annotations = {} } = metadata;
  return (
    annotations['meta.helm.sh/release-name'] === RELEASE &&
    annotations['meta.helm.sh/release-namespace'] === namespace
  );
}
