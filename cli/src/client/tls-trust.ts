import { lookup as systemLookup, type LookupAddress, type LookupOptions } from 'node:dns';
import { rootCertificates } from 'node:tls';
import type { Connection } from './http.ts';

type LookupCallback = (
  error: NodeJS.ErrnoException | null,
  address: string | LookupAddress[],
  family?: number,
) => void;

/** Resolves names under `.localhost` to loopback itself (RFC 6761), since not every system does. */
export function lookup(hostname: string, options: LookupOptions, callback: LookupCallback): void {
  if (hostname !== 'localhost' && !hostname.endsWith('.localhost')) {
    systemLookup(hostname, options, callback);
  } else if (options.all === true) {
    callback(null, [{ address: '127.0.0.1', family: 4 }]);
  } else {
    callback(null, '127.0.0.1', 4);
  }
}

type Trust = Pick<Connection, 'certs' | 'skipVerification'>;

export interface TlsOptions {
  readonly ca?: string[];
  readonly rejectUnauthorized: boolean;
}

/** TLS options that trust the platform's authority beside the public ones. */
export function tlsOptions({ certs, skipVerification }: Trust): TlsOptions {
  return {
    ...(certs === '' ? {} : { ca: [...rootCertificates, certs] }),
    rejectUnauthorized: !skipVerification,
  };
}

/** TLS options that trust the platform's authority alone; undefined when it has none of its own. */
export function ownTlsOptions({ certs, skipVerification }: Trust): TlsOptions | undefined {
  return certs === '' ? undefined : { ca: [certs], rejectUnauthorized: !skipVerification };
}

/** Codes of errors that say that a certificate is not to be trusted. */
export const UNTRUSTED = /CERT|SELF_SIGNED|UNABLE_TO_VERIFY|DEPTH_ZERO|ALTNAME/;
