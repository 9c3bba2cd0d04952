import type { EndpointSlice, KubeObject, Service } from '@epinio/core';
import { createEventRecorder, type EventRecorder } from '../controllers/machinery/event-recorder.ts';
import { follow, keyOf, splitKey } from '../controllers/machinery/controller.ts';
import { SERVICE_NAME } from '../controllers/network/service-slices.ts';
import type { StartContext, Started } from '../start.ts';
import { serviceFrontends, unservedPorts, type Frontend } from './frontends.ts';
import { listenFailure } from './listen-failure.ts';
import { TcpFrontend } from './tcp-frontend.ts';

export interface StartServiceProxyOptions extends StartContext {
  /** Where ports of the node are listened on. */
  readonly nodePortAddress: string;
}

/**
 * Makes the addresses of Services lead to their endpoints: what kube-proxy does elsewhere. Resolves when all that
 * there are have been opened; connections end with `close`.
 */
export async function startServiceProxy(options: StartServiceProxyOptions): Promise<Started> {
  const { informers, signal } = options;
  const services = informers.open<Service>({ apiVersion: 'v1', kind: 'Service' });
  const slices = informers.open<EndpointSlice>({ apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice' });
  await Promise.all([services.synced(signal), slices.synced(signal)]);
  const proxy = new ServiceProxy(options, (namespace, name) => services.get(namespace, name));
  const subscriptions = [
    follow(slices, (slice, type) => proxy.onSlice(slice, type === 'deleted')),
    follow(services, (service) => proxy.onService(keyOf(service))),
  ];
  proxy.settle();
  return {
    async close() {
      for (const unsubscribe of subscriptions) unsubscribe();
      await proxy.close();
    },
  };
}

class ServiceProxy {
  readonly #options: StartServiceProxyOptions;
  readonly #service: (namespace: string, name: string) => Service | undefined;
  readonly #events: EventRecorder;
  /** By key of the Service, then by name. */
  readonly #slices = new Map<string, Map<string, EndpointSlice>>();
  /** By key of the Service, then by address and port. */
  readonly #open = new Map<string, Map<string, TcpFrontend>>();
  /** They take no more connections, and have some. */
  readonly #closing = new Set<TcpFrontend>();
  /** Keys of Services to look at: changes of one moment are met by one look. */
  readonly #changed = new Set<string>();
  #look: NodeJS.Immediate | undefined;
  #hasAddresses = true;

  constructor(
    options: StartServiceProxyOptions,
    service: (namespace: string, name: string) => Service | undefined,
  ) {
    this.#options = options;
    this.#service = service;
    const { kube, clock, log } = options;
    this.#events = createEventRecorder({ kube, clock, log, component: 'kube-proxy' });
  }

  onSlice(slice: EndpointSlice, isGone: boolean): void {
    const { namespace = '', name, labels } = slice.metadata;
    const service = labels?.[SERVICE_NAME];
    if (service === undefined) return;
    const key = `${namespace}/${service}`;
    const known = this.#slices.get(key) ?? new Map<string, EndpointSlice>();
    if (isGone) known.delete(name);
    else known.set(name, slice);
    if (known.size === 0) this.#slices.delete(key);
    else this.#slices.set(key, known);
    this.onService(key);
  }

  onService(key: string): void {
    this.#changed.add(key);
    this.#look ??= setImmediate(() => this.settle());
  }

  /** Brings what is listened on up to date with what has changed. */
  settle(): void {
    clearImmediate(this.#look);
    this.#look = undefined;
    // What goes must be gone before its address is taken anew, by a Service that was renamed.
    const wanted = [...this.#changed].map((key) => [key, this.#frontends(key)] as const);
    this.#changed.clear();
    for (const [key, frontends] of wanted) this.#closeOthers(key, frontends);
    for (const [key, frontends] of wanted) this.#openAll(key, frontends);
  }

  async close(): Promise<void> {
    clearImmediate(this.#look);
    for (const open of this.#open.values()) for (const frontend of open.values()) this.#close(frontend);
    this.#open.clear();
    for (const frontend of this.#closing) frontend.destroy();
    await this.#events.flush();
  }

  #frontends(key: string): ReadonlyMap<string, Frontend> {
    const { namespace, name } = splitKey(key);
    const service = this.#service(namespace, name);
    if (service === undefined) return new Map();
    for (const { port, protocol = '' } of unservedPorts(service)) {
      const message = `Port ${port}/${protocol} is not forwarded: the addresses of Services take TCP only`;
      this.#events.event(service, 'Warning', 'ProtocolNotSupported', message);
    }
    const slices = [...(this.#slices.get(key)?.values() ?? [])];
    const frontends = serviceFrontends(service, slices, this.#options.nodePortAddress);
    return new Map(frontends.map((frontend) => [`${frontend.address}:${frontend.port}`, frontend]));
  }

  #closeOthers(key: string, wanted: ReadonlyMap<string, Frontend>): void {
    const open = this.#open.get(key);
    for (const [address, frontend] of open ?? []) {
      if (wanted.has(address)) continue;
      this.#close(frontend);
      open?.delete(address);
    }
    if (wanted.size === 0) this.#open.delete(key);
  }

  #close(frontend: TcpFrontend): void {
    this.#closing.add(frontend);
    void frontend.close().then(() => this.#closing.delete(frontend));
  }

  #openAll(key: string, wanted: ReadonlyMap<string, Frontend>): void {
    if (wanted.size === 0) return;
    const open = this.#open.get(key) ?? new Map<string, TcpFrontend>();
    this.#open.set(key, open);
    for (const [address, frontend] of wanted) {
      const tcp =
        open.get(address) ??
        new TcpFrontend(frontend, this.#options.clock, (error, at) => this.#complain(key, at, error));
      tcp.update(frontend);
      open.set(address, tcp);
    }
  }

  #complain(key: string, frontend: Frontend, error: NodeJS.ErrnoException): void {
    const { namespace, name } = splitKey(key);
    const service: KubeObject | undefined = this.#service(namespace, name);
    const reason = listenFailure(error, frontend);
    if (service === undefined || reason === undefined) return;
    this.#events.event(service, 'Warning', 'ListenFailed', reason);
    if (error.code !== 'EADDRNOTAVAIL' || !this.#hasAddresses) return;
    this.#hasAddresses = false; // said once: it is the same for all
    this.#options.log.warn(
      'Services have no addresses on this system: 127.0.0.1 alone is a loopback address',
      {
        fix: 'Use node ports, or add addresses: ifconfig lo0 alias ADDRESS',
      },
    );
  }
}
