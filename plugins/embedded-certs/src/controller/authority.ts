import { EpinioError, type Informer, type Secret } from '@epinio/core';
import type { Certificate, Issuer } from '../kinds.ts';
import { GROUP } from '../kinds.ts';
import { tlsFilesOf } from '../secret-files.ts';
import { isRoot, readCertificates, type Signer } from '../x509/issue.ts';
import { readKeys } from '../x509/key-pair.ts';

/** What certificates are signed with: a signer, or their own key. */
export type Authority = { readonly kind: 'self' } | { readonly kind: 'ca'; readonly signer: Signer };

export interface IssuerSources {
  readonly issuers: Informer<Issuer>;
  readonly clusterIssuers: Informer<Issuer>;
  readonly secrets: Informer<Secret>;
  /** Where the Secrets of ClusterIssuers are. */
  readonly clusterNamespace: string;
}

/** The issuer of a certificate; fails with `ISSUER_NOT_FOUND`. */
export function issuerOf(
  { metadata, spec }: Certificate,
  { issuers, clusterIssuers }: IssuerSources,
): Issuer {
  const { name, kind = 'Issuer', group = GROUP } = spec.issuerRef;
  const found =
    group !== GROUP
      ? undefined
      : kind === 'ClusterIssuer'
        ? clusterIssuers.get(undefined, name)
        : kind === 'Issuer'
          ? issuers.get(metadata.namespace, name)
          : undefined;
  if (found !== undefined) return found;
  const where = kind === 'Issuer' ? ` in namespace "${metadata.namespace ?? ''}"` : '';
  throw new EpinioError('ISSUER_NOT_FOUND', `${kind} "${name}"${where} does not exist`, {
    fix: `create it, or name another in spec.issuerRef`,
  });
}

/** What an issuer signs with. Fails with `ISSUER_NOT_READY` or `ISSUER_UNSUPPORTED`, and why. */
export function authorityOf(issuer: Issuer, { secrets, clusterNamespace }: IssuerSources): Authority {
  const { spec, metadata, kind } = issuer;
  if (spec.selfSigned !== undefined) return { kind: 'self' };
  if (spec.ca === undefined) {
    const asked = Object.keys(spec).join(', ') || 'nothing';
    throw new EpinioError(
      'ISSUER_UNSUPPORTED',
      `${kind} "${metadata.name}" asks for ${asked}; this component has selfSigned and ca`,
      {
        fix: 'use the component cert-manager for it',
      },
    );
  }
  const namespace = kind === 'ClusterIssuer' ? clusterNamespace : (metadata.namespace ?? '');
  const name = spec.ca.secretName;
  const files = tlsFilesOf(secrets.get(namespace, name));
  const where = `Secret "${namespace}/${name}" of ${kind} "${metadata.name}"`;
  const path = readCertificates(files.certificate);
  const [certificate] = path;
  if (certificate === undefined) throw notReady(`${where} holds no certificate (tls.crt)`);
  if (!certificate.ca) throw notReady(`The certificate in ${where} is not that of an authority`);
  let keys;
  try {
    keys = readKeys(files.key);
  } catch (cause) {
    throw notReady(`${where} holds no private key (tls.key)`, cause);
  }
  if (!certificate.checkPrivateKey(keys.privateKey))
    throw notReady(`The private key in ${where} is not that of the certificate`);
  const root = files.ca === '' ? (path.find(isRoot) ?? path.at(-1) ?? certificate).toString() : files.ca;
  const chain = path.filter((one) => !isRoot(one)).map(String);
  return { kind: 'ca', signer: { certificate: certificate.toString(), keys, chain: chain.join(''), root } };
}

function notReady(message: string, cause?: unknown): EpinioError {
  return new EpinioError('ISSUER_NOT_READY', message, { cause });
}
