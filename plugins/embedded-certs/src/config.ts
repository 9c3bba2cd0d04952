import { z } from 'zod';

export const config = z.strictObject({
  namespace: z
    .string()
    .regex(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/, 'it must be the name of a namespace')
    .default('cert-manager')
    .describe('Cluster resource namespace: where the Secrets are that ClusterIssuers refer to'),
  caDays: z
    .int()
    .min(1)
    .max(36_500)
    .default(3650)
    .describe('Days for which the certificate of the authority "epinio-ca" is valid'),
});

export type Config = z.output<typeof config>;
