/** What fills a config where it is silent, by profile. */
export const profiles = {
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
      'secret-sync': 'embedded-secret-sync',
      storage: 'embedded-storage',
      registry: 'embedded-registry',
      builder: 'embedded-builder',
    },
  },
} as const;
