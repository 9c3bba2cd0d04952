import { randomBytes, webcrypto, X509Certificate, type KeyObject } from 'node:crypto';
import type * as X509Library from '@peculiar/x509';
import type { KeyPair } from './key-pair.ts';
import type { Wish } from './wish.ts';

/** Who signs: a certificate with its key, and what leads from it to what clients trust; all PEM. */
export interface Signer {
  /** The signer's own, alone. */
  readonly certificate: string;
  readonly keys: KeyPair;
  /** What servers send after their own certificate: the signer's and those above it, without the root; may be empty. */
  readonly chain: string;
  /** What clients trust. */
  readonly root: string;
}

export interface Issued {
  /** PEM, the certificate alone. */
  readonly certificate: string;
  readonly notBefore: Date;
  readonly notAfter: Date;
}

const HASHES: Readonly<Record<number, string>> = { 256: 'SHA-256', 384: 'SHA-384', 521: 'SHA-512' };
/** Clocks of clients may be behind. */
const BACKDATE_MS = 60_000;

/** Signs a certificate (RFC 5280); without a signer it signs itself. It never outlives its signer. */
export async function issue(
  wish: Wish,
  keys: KeyPair,
  signer: Signer | undefined,
  now: number,
): Promise<Issued> {
  const x509 = await loadX509();
  const issuer = signer === undefined ? undefined : new x509.X509Certificate(signer.certificate);
  const signing = (signer?.keys ?? keys).privateKey;
  const publicKey = await importKey(keys.publicKey, 'spki', ['verify']);
  const signingKey = await importKey(signing, 'pkcs8', ['sign']);
  const notBefore = atSecond(now - BACKDATE_MS);
  const latest = issuer?.notAfter.getTime() ?? Infinity;
  const notAfter = atSecond(Math.min(now + wish.durationMs, latest));
  const subject = subjectOf(wish, signer === undefined);
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: serialNumber(),
    subject,
    issuer: issuer?.subjectName.toJSON() ?? subject,
    notBefore,
    notAfter,
    publicKey,
    signingKey,
    signingAlgorithm: algorithmOf(signing),
    extensions: [
      new x509.BasicConstraintsExtension(wish.isCA, undefined, true),
      ...usageExtensions(x509, wish),
      ...nameExtension(x509, wish, subject.length === 0),
      await x509.SubjectKeyIdentifierExtension.create(publicKey),
      ...(issuer === undefined ? [] : [await x509.AuthorityKeyIdentifierExtension.create(issuer)]),
    ],
  });
  return { certificate: `${certificate.toString('pem')}\n`, notBefore, notAfter };
}

type X509 = typeof X509Library;

/** Loaded when the first certificate is due, which on most days is never. */
async function loadX509(): Promise<X509> {
  await import('reflect-metadata'); // the polyfill that the library's container asks for
  const x509 = await import('@peculiar/x509');
  x509.cryptoProvider.set(webcrypto as never);
  return x509;
}

function subjectOf({ commonName, dnsNames, ipAddresses }: Wish, isSelfSigned: boolean): { CN: string[] }[] {
  // An issuer must have a name (RFC 5280, 4.1.2.4); a certificate with alternative names needs none.
  const name = commonName ?? (isSelfSigned ? (dnsNames[0] ?? ipAddresses[0])?.slice(0, 64) : undefined);
  return name === undefined ? [] : [{ CN: [name] }];
}

function nameExtension(
  x509: X509,
  { dnsNames, ipAddresses }: Wish,
  critical: boolean,
): InstanceType<X509['Extension']>[] {
  const names = [
    ...dnsNames.map((value) => ({ type: 'dns' as const, value })),
    ...ipAddresses.map((value) => ({ type: 'ip' as const, value })),
  ];
  return names.length === 0 ? [] : [new x509.SubjectAlternativeNameExtension(names, critical)];
}

function usageExtensions(x509: X509, { usages, isCA }: Wish): InstanceType<X509['Extension']>[] {
  const flags = x509.KeyUsageFlags;
  const known: Readonly<Record<string, number>> = {
    signing: flags.digitalSignature,
    'digital signature': flags.digitalSignature,
    'content commitment': flags.nonRepudiation,
    'key encipherment': flags.keyEncipherment,
    'key agreement': flags.keyAgreement,
    'data encipherment': flags.dataEncipherment,
    'cert sign': flags.keyCertSign,
    'crl sign': flags.cRLSign,
  };
  const extended: Readonly<Record<string, string>> = {
    'server auth': x509.ExtendedKeyUsage.serverAuth,
    'client auth': x509.ExtendedKeyUsage.clientAuth,
    'code signing': x509.ExtendedKeyUsage.codeSigning,
    'email protection': x509.ExtendedKeyUsage.emailProtection,
  };
  // eslint-disable-next-line @typescript-eslint/no-unsafe-enum-assignment -- flags are joined by OR, which makes a number of them
  const bits = usages.reduce<number>(
    (sum, usage) => sum | (known[usage] ?? 0),
    isCA ? flags.keyCertSign | flags.cRLSign : 0,
  ) as X509Library.KeyUsageFlags;
  const purposes = usages.flatMap((usage) => extended[usage] ?? []);
  return [
    new x509.KeyUsagesExtension(bits, true),
    ...(purposes.length === 0 ? [] : [new x509.ExtendedKeyUsageExtension(purposes)]),
  ];
}

function algorithmOf(key: KeyObject): webcrypto.EcdsaParams & webcrypto.EcKeyImportParams {
  if (key.asymmetricKeyType === 'rsa') return { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' } as never;
  const size =
    { prime256v1: 256, secp384r1: 384, secp521r1: 521 }[key.asymmetricKeyDetails?.namedCurve ?? ''] ?? 256;
  return { name: 'ECDSA', namedCurve: `P-${String(size)}`, hash: HASHES[size] ?? 'SHA-256' };
}

function importKey(
  key: KeyObject,
  format: 'pkcs8' | 'spki',
  usages: ('sign' | 'verify')[],
): Promise<webcrypto.CryptoKey> {
  const der = key.export({ type: format, format: 'der' } as never) as unknown as Buffer;
  return webcrypto.subtle.importKey(format, der, algorithmOf(key), true, usages);
}

/** Positive, 128 bits. */
function serialNumber(): string {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40;
  return bytes.toString('hex');
}

function atSecond(ms: number): Date {
  return new Date(Math.floor(ms / 1000) * 1000);
}

/** All certificates of a PEM text, each alone, in their order; those that cannot be read are left out. */
export function readCertificates(pem: string): readonly X509Certificate[] {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? [];
  return blocks.flatMap((block) => readCertificate(block) ?? []);
}

/** True for a certificate that signed itself: a root. */
export function isRoot(certificate: X509Certificate): boolean {
  return certificate.issuer === certificate.subject && certificate.verify(certificate.publicKey);
}

/** The first certificate of a PEM text; undefined when there is none. */
export function readCertificate(pem: string): X509Certificate | undefined {
  try {
    return new X509Certificate(pem);
  } catch {
    return undefined; // what is there is no certificate: it is issued anew
  }
}
