import { chartOptions } from '@epinio/core/charts';
import { z } from 'zod';

const name = z.string().regex(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/, 'it must be a lower-case DNS label');

/** The `with:` part of `ingress: { use: traefik }`. */
export const config = z
  .strictObject({
    install: z
      .boolean()
      .default(true)
      .describe('false: none is installed, and the one of this cluster is used wherever it is'),
    namespace: name.default('traefik').describe('Namespace that it is installed in'),
    className: name.default('traefik').describe('IngressClass that the routes of the platform name'),
    defaultClass: z
      .boolean()
      .default(false)
      .describe('Make that class the default of the cluster, for Ingresses that name none'),
    serviceType: z
      .enum(['LoadBalancer', 'NodePort', 'ClusterIP'])
      .default('LoadBalancer')
      .describe('How it is reached from outside; an install waits for the address of a load balancer'),
    loadBalancerIP: z.union([z.ipv4(), z.ipv6()]).optional().describe('Address to ask the load balancer for'),
    addressTimeoutSeconds: z
      .int()
      .min(1)
      .max(3600)
      .default(300)
      .describe('How long a load balancer may take to give it an address, in seconds'),
    ...chartOptions({
      chart: 'traefik',
      repository: 'https://traefik.github.io/charts',
      version: '41.3.0',
    }),
  })
  .refine(
    ({ serviceType, loadBalancerIP }) => loadBalancerIP === undefined || serviceType === 'LoadBalancer',
    {
      message: 'it needs a load balancer, and `serviceType` is none',
      path: ['loadBalancerIP'],
    },
  )
  .refine(({ install, loadBalancerIP }) => loadBalancerIP === undefined || install, {
    message: 'with `install: false` nothing is installed that could ask for it',
    path: ['loadBalancerIP'],
  });

export type Config = z.output<typeof config>;
