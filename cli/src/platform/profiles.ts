import type { Profile } from '@epinio/core';

/** What fills a config where it is silent, by profile. */
export const profiles: Readonly<Record<string, Profile>> = {
  /** One machine with nothing else installed. */
  embedded: {
    domain: 'localhost',
    namespace: 'epinio',
    tlsIssuer: 'epinio-ca',
    components: {
      cluster: 'embedded-cluster',
      ingress: 'embedded-ingress',
      mesh: 'no-mesh',
      certs: 'embedded-certs',
      secretSync: 'embedded-secret-sync',
      storage: 'embedded-storage',
      registry: 'embedded-registry',
      builder: 'embedded-builder',
    },
  },
};
