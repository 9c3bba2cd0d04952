import { X509Certificate } from 'node:crypto';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const DAYS = 825; // the longest that Apple's systems accept
const RENEW_BEFORE_MS = 30 * 86_400_000;

/**
 * The certificate for server names without one of their own: self-signed, so that a browser warns and then
 * shows the error page. Kept in a file, so that an exception given once holds.
 * @returns certificate and key, both PEM
 */
export async function fallbackCertificate(folder: string, domain: string, now: number): Promise<string> {
  const file = join(folder, 'fallback.pem');
  const known = await readFile(file, 'utf8').catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (known !== undefined && isUsable(known, domain, now)) return known;
  const made = await selfSign(domain, now);
  const temporary = `${file}.${process.pid}.tmp`;
  await writeFile(temporary, made, { mode: 0o600 });
  await rename(temporary, file);
  return made;
}

function isUsable(pem: string, domain: string, now: number): boolean {
  try {
    const certificate = new X509Certificate(pem);
    const isCurrent = Date.parse(certificate.validTo) - RENEW_BEFORE_MS > now;
    return isCurrent && certificate.checkHost(domain) !== undefined;
  } catch {
    return false; // not a certificate any more: it is made anew
  }
}

async function selfSign(domain: string, now: number): Promise<string> {
  // Loaded here because it is needed once in two years.
  await import('reflect-metadata'); // the polyfill that the certificate library asks for
  const x509 = await import('@peculiar/x509');
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
  const keys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: 'CN=Epinio ingress fallback',
    keys,
    signingAlgorithm: algorithm,
    notBefore: new Date(now - 3_600_000),
    notAfter: new Date(now + DAYS * 86_400_000),
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      new x509.SubjectAlternativeNameExtension([
        { type: 'dns', value: domain },
        { type: 'dns', value: `*.${domain}` },
      ]),
    ],
  });
  const key = Buffer.from(await crypto.subtle.exportKey('pkcs8', keys.privateKey)).toString('base64');
  return `${certificate.toString('pem')}\n-----BEGIN PRIVATE KEY-----\n${key}\n-----END PRIVATE KEY-----\n`;
}
