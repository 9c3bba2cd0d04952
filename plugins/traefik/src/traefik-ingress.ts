import type { Ingress, Kube, KubeObject, PublicAddress, Route, Service, WorkloadRef } from '@epinio/core';
import type { Config } from './config.ts';
import { findTraefik } from './find.ts';
import { routeObjects } from './resources.ts';

/** Ingresses of Traefik's class; where it is reached is read from its Service, whoever installed it. */
export class TraefikIngress implements Ingress {
  readonly className: string;
  readonly #kube: Kube;
  readonly #config: Config;

  constructor(kube: Kube, config: Config) {
    this.className = config.className;
    this.#kube = kube;
    this.#config = config;
  }

  routeObjects(route: Route): readonly KubeObject[] {
    return routeObjects(this.className, route);
  }

  async address(signal?: AbortSignal): Promise<PublicAddress> {
    const service = (await findTraefik(this.#kube, this.#config, signal))?.service;
    const [given] = service?.status?.loadBalancer?.ingress ?? [];
    const host = given?.hostname ?? given?.ip;
    return {
      ...(host === undefined ? {} : { host }),
      httpPort: portOf(service, 'web', 80),
      httpsPort: portOf(service, 'websecure', 443),
    };
  }

  async workloads(signal?: AbortSignal): Promise<readonly WorkloadRef[]> {
    const found = await findTraefik(this.#kube, this.#config, signal);
    return (found?.workloads ?? []).map(({ apiVersion, kind, metadata }) => {
      return { apiVersion, kind, namespace: metadata.namespace ?? '', name: metadata.name };
    });
  }
}

/** The port that clients connect to for an entry point. */
function portOf(service: Service | undefined, entryPoint: string, otherwise: number): number {
  const port = service?.spec.ports?.find(
    ({ name, port: number }) => name === entryPoint || number === otherwise,
  );
  const isNodePort = service?.spec.type === 'NodePort';
  return (isNodePort ? port?.nodePort : undefined) ?? port?.port ?? otherwise;
}
