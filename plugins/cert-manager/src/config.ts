import { chartOptions } from '@epinio/core/charts';
import { z } from 'zod';

const name = z.string().regex(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/, 'it must be a lower-case DNS label');

/** The `with:` part of `certs: { use: cert-manager }`. */
export const config = z.strictObject({
  install: z
    .boolean()
    .default(true)
    .describe('false: neither cert-manager nor an issuer is installed; `tlsIssuer` names one that is there'),
  namespace: name
    .default('cert-manager')
    .describe('Namespace that it is installed in, and where the Secrets are that ClusterIssuers refer to'),
  email: z
    .email()
    .optional()
    .describe("Address for Let's Encrypt; with it there is the issuer letsencrypt-production"),
  acmeServer: z
    .url({ protocol: /^https$/ })
    .default('https://acme-v02.api.letsencrypt.org/directory')
    .describe('Directory of the ACME authority behind the issuer letsencrypt-production'),
  ingressClass: name
    .default('traefik')
    .describe('IngressClass through which the ACME authority sees that a host is ours (HTTP-01)'),
  caDays: z
    .int()
    .min(1)
    .max(36_500)
    .default(3650)
    .describe('Days for which the certificate of the authority "epinio-ca" is valid'),
  readyTimeoutSeconds: z
    .int()
    .min(1)
    .max(3600)
    .default(300)
    .describe('How long it may take until its webhook answers and it signs, in seconds'),
  ...chartOptions({ chart: 'oci://quay.io/jetstack/charts/cert-manager', version: 'v1.21.1' }),
});

export type Config = z.output<typeof config>;
