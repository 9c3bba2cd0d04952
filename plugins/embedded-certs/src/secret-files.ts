import type { Secret } from '@epinio/core';
import type { TlsFiles } from './x509/fitness.ts';

/** The TLS files of a Secret; empty text where there is nothing. */
export function tlsFilesOf(secret: Secret | undefined): TlsFiles {
  const file = (name: string): string => Buffer.from(secret?.data?.[name] ?? '', 'base64').toString('utf8');
  return { certificate: file('tls.crt'), key: file('tls.key'), ca: file('ca.crt') };
}

/** The data of a Secret of type kubernetes.io/tls. */
export function secretData({ certificate, key, ca }: TlsFiles): Record<string, string> {
  const encode = (text: string): string => Buffer.from(text, 'utf8').toString('base64');
  return { 'tls.crt': encode(certificate), 'tls.key': encode(key), 'ca.crt': encode(ca) };
}
