import { once } from 'node:events';
import {
  startWorkQueue,
  type Clock,
  type Informers,
  type Kube,
  type Log,
  type RunHost,
  type Secret,
} from '@epinio/core';
import { CERTIFICATES, CLUSTER_ISSUERS, ISSUERS, SECRETS, type Certificate, type Issuer } from '../kinds.ts';
import { reconcileCertificate } from './reconcile-certificate.ts';
import { reconcileIssuer } from './reconcile-issuer.ts';

export interface ControllerDeps {
  readonly kube: Kube;
  readonly informers: Informers;
  readonly log: Log;
  readonly clock: Clock;
  /** Where the Secrets of ClusterIssuers are. */
  readonly clusterNamespace: string;
}

/** Watches issuers, Certificates and their Secrets, and keeps all of them true, until the signal is aborted. */
export async function runController({ informers, ...deps }: ControllerDeps, host: RunHost): Promise<void> {
  const { signal } = host;
  const certificates = informers.open<Certificate>(CERTIFICATES);
  const issuers = informers.open<Issuer>(ISSUERS);
  const clusterIssuers = informers.open<Issuer>(CLUSTER_ISSUERS);
  const secrets = informers.open<Secret>(SECRETS);
  await Promise.all(
    [certificates, issuers, clusterIssuers, secrets].map((informer) => informer.synced(signal)),
  );
  const sources = { ...deps, issuers, clusterIssuers, secrets };

  const queue = startWorkQueue({
    ...deps,
    name: 'certificates',
    signal,
    reconcile: async (key) => {
      const [kind = '', namespace = '', name = ''] = key.split('/');
      if (kind === 'Certificate') {
        const certificate = certificates.get(namespace, name);
        return certificate && (await reconcileCertificate(certificate, sources, signal));
      }
      const issuer = kind === 'Issuer' ? issuers.get(namespace, name) : clusterIssuers.get(undefined, name);
      if (issuer !== undefined) await reconcileIssuer(issuer, sources, signal);
      return undefined;
    },
  });
  const add = ({ kind, metadata }: Certificate | Issuer): void =>
    queue.add(`${kind}/${metadata.namespace ?? ''}/${metadata.name}`);
  const addAll = (list: readonly (Certificate | Issuer)[]): void => list.forEach(add);
  /** Certificates of an issuer, and issuers and certificates of a Secret, look again when it changes. */
  const stops = [
    certificates.subscribe(({ object }) => add(object)),
    ...[issuers, clusterIssuers].map((informer) =>
      informer.subscribe(({ object }) => {
        add(object);
        addAll(certificates.list().filter(({ spec }) => spec.issuerRef.name === object.metadata.name));
      }),
    ),
    secrets.subscribe(({ object: { metadata } }) => {
      const uses = ({ spec }: Issuer): boolean => spec.ca?.secretName === metadata.name;
      const users = [...issuers.list(), ...clusterIssuers.list()].filter(uses);
      addAll(users);
      addAll(certificates.list(metadata.namespace).filter(({ spec }) => spec.secretName === metadata.name));
      const names = new Set(users.map((issuer) => issuer.metadata.name));
      if (names.size > 0) addAll(certificates.list().filter(({ spec }) => names.has(spec.issuerRef.name)));
    }),
  ];
  addAll([...clusterIssuers.list(), ...issuers.list(), ...certificates.list()]);
  host.ready();
  if (!signal.aborted) await once(signal, 'abort');
  for (const stop of stops) stop();
  await queue.done;
}
