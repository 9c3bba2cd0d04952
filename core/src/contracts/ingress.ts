import type { KubeObject } from '../kernel/component.ts';
import { contract } from '../kernel/plugin.ts';

/** One public host and path that leads to a Service inside the cluster. */
export interface Route {
  /** Of the objects made for it. */
  readonly name: string;
  readonly namespace: string;
  readonly host: string;
  /** Begins with a slash; "/" takes the whole host. */
  readonly path: string;
  readonly service: { readonly name: string; readonly port: number };
  /** Secret of type kubernetes.io/tls in the same namespace. */
  readonly tlsSecret: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** Where clients outside the cluster reach the ingress. */
export interface PublicAddress {
  /** IP address or host name; absent while a load balancer has none yet. */
  readonly host?: string;
  readonly httpPort: number;
  readonly httpsPort: number;
}

/** The ingress's own running workloads, so that a mesh can take them in. */
export interface WorkloadRef {
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
}

/** Publishes Services outside the cluster over HTTPS; plain HTTP is redirected to it. */
export interface Ingress {
  /** The IngressClass that its Ingress objects name. */
  readonly className: string;
  /** Pure: the objects that publish the route; deleting them withdraws it. */
  routeObjects(route: Route): readonly KubeObject[];
  address(signal?: AbortSignal): Promise<PublicAddress>;
  /** Empty when it does not run in the cluster. */
  workloads(signal?: AbortSignal): Promise<readonly WorkloadRef[]>;
}

export const ingress = contract<Ingress>('ingress');
