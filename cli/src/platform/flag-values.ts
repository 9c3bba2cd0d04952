import { EpinioError, type FlagValue } from '@epinio/core';
import type { Options, OptionSpec } from '../command.ts';

/** The flag, the key of the configuration that it sets, and for a flag without a value what it sets it to. */
const settingFlags: readonly (readonly [flag: string, key: string, value?: unknown])[] = [
  ['--profile', 'profile'],
  ['--domain', 'domain'],
  ['--system-domain', 'domain'],
  ['--kubeconfig', 'components.cluster.with.kubeconfig'],
  ['--context', 'components.cluster.with.context'],
  ['--tls-issuer', 'tlsIssuer'],
  ['--email-address', 'components.certs.with.email'],
  ['--loadbalancer-ip', 'components.ingress.with.loadBalancerIP'],
  ['--skip-traefik', 'components.ingress.with.install', false],
  ['--skip-cert-manager', 'components.certs.with.install', false],
];

/** Flags of `install` for single components, as they have always been called. */
export const componentFlags: readonly OptionSpec[] = [
  { flags: '--system-domain <name>', description: 'the same as --domain' },
  { flags: '--tls-issuer <name>', description: 'ClusterIssuer that signs certificates' },
  { flags: '--email-address <address>', description: "address for Let's Encrypt" },
  { flags: '--loadbalancer-ip <address>', description: 'address that Traefik asks the load balancer for' },
  { flags: '--skip-traefik', description: 'install no Traefik: there is one, in whatever namespace' },
  {
    flags: '--skip-cert-manager',
    description: 'install neither cert-manager nor issuers: they are there',
  },
];

/** What the flags say of the configuration. Fails with `USAGE_WRONG` for flags that exclude each other. */
export function flagValues(options: Options): FlagValue[] {
  if (options['skipTraefik'] === true && options['loadbalancerIp'] !== undefined) {
    throw new EpinioError('USAGE_WRONG', 'cannot have --skip-traefik and --loadbalancer-ip together', {
      fix: 'give the address to the Traefik that is there, by its own means',
    });
  }
  return settingFlags.flatMap(([flag, key, set]): FlagValue[] => {
    const value = options[optionName(flag)];
    if (value === undefined || value === false) return [];
    return [{ flag, key, value: set ?? value }];
  });
}

/** `--skip-traefik` arrives as `skipTraefik`. */
function optionName(flag: string): string {
  return flag.slice(2).replace(/-([a-z])/g, (_all, letter: string) => letter.toUpperCase());
}
