import { contract } from '../kernel/plugin.ts';
import { listToken } from '../kernel/token.ts';

/** How an Open Service Broker (OSBAPI v2.17) is reached. */
export interface BrokerEndpoint {
  /** Base URL, below which `/v2/catalog` answers, from inside the cluster. */
  readonly url: string;
  readonly username?: string;
  readonly password?: string;
  /** PEM to trust for an https URL. */
  readonly ca?: string;
}

/** An Open Service Broker. Several may be installed. */
export interface Broker {
  /** Unique among the installed brokers; shown as the broker of its classes. */
  readonly name: string;
  endpoint(signal?: AbortSignal): Promise<BrokerEndpoint>;
}

/** What a plugin needs to have all the installed brokers; an empty list when there is none. */
export const brokers = listToken<Broker>('brokers');

export const broker = contract<Broker>('broker', { many: brokers });
