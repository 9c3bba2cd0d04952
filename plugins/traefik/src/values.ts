import type { ChartValues } from '@epinio/core/charts';
import type { Config } from './config.ts';

/**
 * Pure: values for the chart, in the form that its version wants: names have moved with nearly every major, and newer
 * charts refuse those that they do not know.
 */
export function valuesFor(config: Config): ChartValues {
  const { version, serviceType, loadBalancerIP, className, defaultClass } = config;
  const [major = 0, minor = 0] = version.replace(/^v/, '').split('.').map(Number);
  return {
    ...withoutCallingHome(major),
    ingressClass: {
      enabled: true,
      isDefaultClass: defaultClass,
      ...(major >= 24 ? { name: className } : {}),
    },
    // So that `kubectl get ingress` shows the address that a route is reached at.
    providers: { kubernetesIngress: { publishedService: { enabled: true } } },
    service: {
      type: serviceType,
      ...(loadBalancerIP === undefined ? {} : { spec: { loadBalancerIP } }),
    },
    ports: { web: { ...redirect(major, minor), ...(major >= 31 ? { allowACMEByPass: true } : {}) } },
  };
}

/** Plain HTTP goes to HTTPS, except for what an ACME authority asks in order to see whose the host is. */
function redirect(major: number, minor: number): ChartValues {
  if (major < 25) return { redirectTo: 'websecure' };
  if (major < 34) {
    const permanent = major > 28 || (major === 28 && minor >= 3) ? { permanent: true } : {};
    return { redirectTo: { port: 'websecure', ...permanent } };
  }
  const entryPoint = { to: 'websecure', scheme: 'https', permanent: true };
  return major < 39 ? { redirections: { entryPoint } } : { http: { redirections: { entryPoint } } };
}

/** It tells nobody that it runs, and asks nobody for newer versions. */
function withoutCallingHome(major: number): ChartValues {
  return major < 36
    ? { globalArguments: [] }
    : { global: { checkNewVersion: false, sendAnonymousUsage: false } };
}
