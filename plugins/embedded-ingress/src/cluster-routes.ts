import type {
  EndpointSlice,
  Informer,
  Informers,
  IngressObject,
  KubeObject,
  Secret,
  Service,
} from '@epinio/core';
import { Backend, type BackendOptions } from './backend.ts';
import type { CertificateSource } from './certificate-store.ts';
import type { Routes } from './proxy.ts';
import {
  type ClaimRules,
  type Refusal,
  type SecretName,
  type ServicePortRef,
  settleClaims,
} from './route-claims.ts';
import { createRouteTable, type RouteTable } from './route-table.ts';
import { resolveEndpoints, SERVICE_NAME_LABEL } from './service-endpoints.ts';

export interface ClusterRoutesOptions extends BackendOptions {
  readonly className: string;
  /** Serve Ingresses without a class too. */
  readonly isDefaultClass: boolean;
  readonly rules: ClaimRules;
}

/** What came out of the Ingresses after a change. */
export interface Settled {
  readonly ingresses: readonly IngressObject[];
  readonly table: RouteTable;
  readonly refusals: readonly Refusal[];
}

/** The routes, instances and certificates as the cluster has them now: a view of informers, followed at once. */
export class ClusterRoutes implements Routes, CertificateSource {
  table: RouteTable;
  readonly #options: ClusterRoutesOptions;
  readonly #ingresses: Informer<IngressObject>;
  readonly #services: Informer<Service>;
  readonly #slices: Informer<EndpointSlice>;
  readonly #secrets: Informer<Secret>;
  readonly #backends = new Map<string, Backend>();
  #subscriptions: readonly (() => void)[] = [];
  #isStale = false;
  /** Called after each change of the routes. */
  onSettled: (settled: Settled) => void = () => undefined;
  /** Called after each change of a Secret with a certificate. */
  onSecretChanged: (name: SecretName, isGone: boolean) => void = () => undefined;

  constructor(informers: Informers, options: ClusterRoutesOptions) {
    this.#options = options;
    this.table = createRouteTable([], options.rules.platform);
    this.#ingresses = informers.open({ apiVersion: 'networking.k8s.io/v1', kind: 'Ingress' });
    this.#services = informers.open({ apiVersion: 'v1', kind: 'Service' });
    this.#slices = informers.open({ apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice' });
    // Other Secrets are none of the ingress's business.
    this.#secrets = informers.open(
      { apiVersion: 'v1', kind: 'Secret' },
      { fieldSelector: 'type=kubernetes.io/tls' },
    );
  }

  /** Resolves when all that is in the cluster is served; follows its changes until `close`. */
  async start(signal: AbortSignal): Promise<void> {
    const all = [this.#ingresses, this.#services, this.#slices, this.#secrets];
    await Promise.all(all.map((informer) => informer.synced(signal)));
    this.#subscriptions = [
      this.#ingresses.subscribe(() => this.#settleSoon()),
      this.#services.subscribe(({ object }) => this.#refresh(object, object.metadata.name)),
      this.#slices.subscribe(({ object }) =>
        this.#refresh(object, object.metadata.labels?.[SERVICE_NAME_LABEL]),
      ),
      this.#secrets.subscribe(({ type, object: { metadata } }) => {
        this.onSecretChanged(
          { namespace: metadata.namespace ?? '', name: metadata.name },
          type === 'deleted',
        );
      }),
    ];
    this.#settle();
  }

  close(): void {
    for (const unsubscribe of this.#subscriptions) unsubscribe();
    this.#isStale = true; // a settling that was due is not any more
    this.onSettled = () => undefined;
    for (const backend of this.#backends.values()) backend.retire();
    this.#backends.clear();
  }

  backend(ref: ServicePortRef): Backend {
    const key = `${ref.namespace}/${ref.service}:${ref.port}`;
    let backend = this.#backends.get(key);
    if (backend === undefined) {
      backend = new Backend(ref, this.#options);
      this.#backends.set(key, backend);
      this.#resolve(backend);
    }
    return backend;
  }

  secretNameFor(serverName: string): SecretName | undefined {
    return this.table.certificateFor(serverName);
  }

  secret({ namespace, name }: SecretName): Secret | undefined {
    return this.#secrets.get(namespace, name);
  }

  /** Many changes in one go, such as a first list, are one settling. */
  #settleSoon(): void {
    if (this.#isStale) return;
    this.#isStale = true;
    setImmediate(() => this.#settle());
  }

  #settle(): void {
    this.#isStale = false;
    const ingresses = this.#ingresses.list().filter((ingress) => this.#isOurs(ingress));
    const { claims, refusals } = settleClaims(ingresses, this.#options.rules);
    this.table = createRouteTable(claims, this.#options.rules.platform);
    const used = new Set(claims.map(({ backend: ref }) => `${ref.namespace}/${ref.service}:${ref.port}`));
    for (const [key, backend] of this.#backends) {
      if (used.has(key)) continue;
      backend.retire();
      this.#backends.delete(key);
    }
    this.onSettled({ ingresses, table: this.table, refusals });
  }

  #isOurs({ spec, metadata }: IngressObject): boolean {
    const { className, isDefaultClass } = this.#options;
    const named = spec?.ingressClassName ?? metadata.annotations?.['kubernetes.io/ingress.class'];
    return (
      metadata.deletionTimestamp === undefined && (named === undefined ? isDefaultClass : named === className)
    );
  }

  #refresh({ metadata: { namespace } }: KubeObject, service: string | undefined): void {
    for (const backend of this.#backends.values()) {
      if (backend.ref.service === service && backend.ref.namespace === namespace) this.#resolve(backend);
    }
  }

  #resolve(backend: Backend): void {
    const { namespace, service } = backend.ref;
    const slices = this.#slices
      .list(namespace)
      .filter(({ metadata }) => metadata.labels?.[SERVICE_NAME_LABEL] === service);
    backend.update(resolveEndpoints(backend.ref, this.#services.get(namespace, service), slices));
  }
}
