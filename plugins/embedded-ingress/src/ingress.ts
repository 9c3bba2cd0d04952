import type {
  Clock,
  DataDirectory,
  Informers,
  Ingress,
  Kube,
  KubeObject,
  ListenPorts,
  Log,
  PlatformSettings,
  PublicAddress,
  Route,
  RunHost,
  WorkloadRef,
} from '@epinio/core';
import type { Config } from './config.ts';
import { routeObjects } from './resources.ts';

export interface IngressNeeds {
  readonly kube: Kube;
  readonly informers: Informers;
  readonly log: Log;
  readonly clock: Clock;
  readonly listenPorts: ListenPorts;
  readonly dataDirectory: DataDirectory;
  readonly settings: PlatformSettings;
}

/** The client side: objects for routes and the address, from any process. `run` is the proxy itself. */
export class EmbeddedIngress implements Ingress {
  readonly className: string;
  readonly #needs: IngressNeeds;
  readonly #config: Config;

  constructor(needs: IngressNeeds, config: Config) {
    this.className = config.className;
    this.#needs = needs;
    this.#config = config;
  }

  routeObjects(route: Route): readonly KubeObject[] {
    return routeObjects(this.className, route);
  }

  async address(): Promise<PublicAddress> {
    return { host: publicHostOf(this.#config), ...(await claimPorts(this.#needs.listenPorts, this.#config)) };
  }

  /** It runs in the server, not in the cluster. */
  async workloads(): Promise<readonly WorkloadRef[]> {
    return [];
  }

  /** Serves until the host's signal is aborted, then drains. Loads the proxy, which the CLI never needs. */
  async run(host: RunHost): Promise<void> {
    const { serve } = await import('./serve.ts');
    await serve(this.#needs, this.#config, host);
  }
}

/** Where clients connect to: loopback when it listens everywhere and nobody said what its address is. */
export function publicHostOf({ publicHost, listen }: Config): string {
  return publicHost ?? (listen === '0.0.0.0' || listen === '::' ? '127.0.0.1' : listen);
}

/** Fails with `PORT_IN_USE` when a configured port is taken. */
export async function claimPorts(
  listenPorts: ListenPorts,
  { httpPort, httpsPort }: Pick<Config, 'httpPort' | 'httpsPort'>,
): Promise<{ readonly httpPort: number; readonly httpsPort: number }> {
  return {
    httpsPort: await listenPorts.claim('https', httpsPort ?? 8443, { exact: httpsPort !== undefined }),
    httpPort: await listenPorts.claim('http', httpPort ?? 8080, { exact: httpPort !== undefined }),
  };
}
