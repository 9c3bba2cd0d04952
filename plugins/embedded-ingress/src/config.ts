import { z } from 'zod';

const port = z.int().min(1).max(65535);

export const config = z.strictObject({
  className: z
    .string()
    .regex(/^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/, 'must be a lower-case DNS name')
    .default('epinio-embedded')
    .describe('Name of the IngressClass whose Ingresses are served'),
  defaultClass: z
    .boolean()
    .default(true)
    .describe('Mark the class as the default one, and serve Ingresses that name no class'),
  listen: z
    .union([z.ipv4(), z.ipv6()])
    .default('127.0.0.1')
    .describe('Address to listen on; 0.0.0.0 or :: serves other machines too'),
  publicHost: z
    .string()
    .min(1)
    .optional()
    .describe('Address that clients connect to, when it is not the one listened on'),
  httpsPort: port
    .optional()
    .describe('Port for HTTPS, exactly this one; otherwise 8443 or the next free one'),
  httpPort: port
    .optional()
    .describe(
      'Port for plain HTTP, which only redirects, exactly this one; otherwise 8080 or the next free one',
    ),
  trustedProxies: z
    .array(z.union([z.cidrv4(), z.cidrv6()]))
    .default([])
    .describe('Networks (CIDR) of proxies in front of this one, whose X-Forwarded-* headers are believed'),
  sharedHosts: z
    .array(z.string().min(1).toLowerCase())
    .default([])
    .describe('Hosts whose paths may belong to several namespaces; any other host belongs to one'),
  responseTimeoutSeconds: z
    .int()
    .min(1)
    .default(300)
    .describe('How long an application may take to begin its answer, in seconds'),
  retrySeconds: z
    .number()
    .min(0)
    .max(60)
    .default(3)
    .describe('How long a request waits for an instance that accepts connections, in seconds'),
  drainSeconds: z
    .number()
    .min(0)
    .max(600)
    .default(10)
    .describe('How long requests in flight may go on when the server stops, in seconds'),
  maxConnections: z.int().min(1).default(10_000).describe('Client connections at one time; more are refused'),
});

export type Config = z.output<typeof config>;
