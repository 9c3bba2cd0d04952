import type { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { readCertificate, type Signer } from './issue.ts';
import { keyFits, readKeys } from './key-pair.ts';
import type { Wish } from './wish.ts';

/** The three files of a TLS Secret, PEM; empty text for one that is missing. */
export interface TlsFiles {
  readonly certificate: string;
  readonly key: string;
  readonly ca: string;
}

/**
 * Why a certificate has to be issued, in words for people; undefined when what is there fits the wish, is
 * signed by `signer` (itself when undefined), and is not due for renewal.
 */
export function reasonToIssue(
  files: TlsFiles,
  wish: Wish,
  signer: Pick<Signer, 'certificate' | 'chain' | 'root'> | undefined,
  now: number,
): string | undefined {
  const certificate = readCertificate(files.certificate);
  if (certificate === undefined) return 'there is no certificate yet';
  try {
    const keys = readKeys(files.key);
    if (!certificate.checkPrivateKey(keys.privateKey))
      return 'the private key is not that of the certificate';
    if (!keyFits(keys, wish)) return 'the private key is of another kind';
  } catch {
    return 'the private key cannot be read';
  }
  if (!hasNames(certificate, wish)) return 'the names have changed';
  if (certificate.ca !== wish.isCA) return 'isCA has changed';
  const authority = signer === undefined ? certificate : readCertificate(signer.certificate);
  if (authority === undefined || !certificate.verify(authority.publicKey))
    return 'the issuer has another key';
  const isOfSigner =
    signer === undefined ||
    (files.ca.trim() === signer.root.trim() && files.certificate.trim().endsWith(signer.chain.trim()));
  if (!isOfSigner) return "the issuer's certificate has changed";
  if (renewalTime(certificate, wish) <= now) return 'it is due for renewal';
  return undefined;
}

/** Milliseconds since the epoch. A certificate that was cut short by its signer's end is renewed in proportion. */
export function renewalTime(certificate: X509Certificate, { durationMs, renewBeforeMs }: Wish): number {
  const end = Date.parse(certificate.validTo);
  const life = end - Date.parse(certificate.validFrom);
  return end - Math.min(renewBeforeMs, (life * renewBeforeMs) / durationMs);
}

function hasNames(
  { subject, subjectAltName = '' }: X509Certificate,
  { commonName, dnsNames, ipAddresses }: Wish,
): boolean {
  if (commonName !== undefined && !subject.split('\n').includes(`CN=${commonName}`)) return false;
  const present =
    subjectAltName === ''
      ? []
      : subjectAltName.split(', ').map((name) => name.replace(/^(DNS|IP Address):/, ''));
  const wanted = [...dnsNames, ...ipAddresses];
  return (
    present.length === wanted.length &&
    new Set([...present, ...wanted].map(canonical)).size === new Set(wanted.map(canonical)).size
  );
}

/** IPv6 addresses have many spellings. */
function canonical(name: string): string {
  return isIP(name) === 6 ? new URL(`http://[${name}]`).hostname : name.toLowerCase();
}
