import { token } from '../kernel/token.ts';

/**
 * The environment of the command, for what other programs agree on there: KUBECONFIG, proxies. A component's
 * own options are never read from it; they come through the configuration, with their origin known.
 */
export type Environment = Readonly<Record<string, string | undefined>>;

export const environment = token<Environment>('port:environment');
