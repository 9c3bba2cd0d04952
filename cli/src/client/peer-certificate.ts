import { connect, type ConnectionOptions, type DetailedPeerCertificate } from 'node:tls';
import { EpinioError, messageOf } from '@epinio/core';
import { lookup, tlsOptions } from './tls-trust.ts';

export interface PeerCertificate {
  /** Verified against the public authorities and the one given. */
  readonly trusted: boolean;
  readonly issuer: string;
  readonly subject: string;
  readonly expiry: string;
  /** PEM of the last certificate of the chain that the server sends: what to trust. */
  readonly authority: string;
}

const TIMEOUT_MS = 15_000;

/** Asks a server for its certificate chain without trusting it. */
export function peerCertificate(api: string, certs: string, signal: AbortSignal): Promise<PeerCertificate> {
  const url = new URL(api);
  const host = url.hostname;
  return new Promise((resolve, reject) => {
    const fail = (cause: unknown): void => {
      socket.destroy();
      reject(
        new EpinioError(
          'SERVER_UNREACHABLE',
          `The Epinio server ${api} does not answer (${messageOf(cause)})`,
          {
            cause,
            fix: 'check the address, and that the platform runs',
            fault: 'system',
          },
        ),
      );
    };
    const socket = connect({
      ...tlsOptions({ certs, skipVerification: true }),
      host,
      port: Number(url.port === '' ? 443 : url.port),
      servername: host,
      lookup: lookup,
    } as ConnectionOptions);
    socket.setTimeout(TIMEOUT_MS, () => fail(new Error('timed out')));
    signal.addEventListener('abort', () => fail(signal.reason), { once: true });
    socket.on('error', fail);
    socket.on('secureConnect', () => {
      const leaf = socket.getPeerCertificate(true);
      const trusted = socket.authorized;
      socket.end();
      resolve({
        trusted,
        issuer: name(leaf.issuer),
        subject: name(leaf.subject),
        expiry: leaf.valid_to,
        authority: pem(top(leaf)),
      });
    });
  });
}

function name(
  subject: { readonly CN?: string | string[]; readonly O?: string | string[] } | undefined,
): string {
  return String(subject?.CN ?? subject?.O ?? '');
}

function top(leaf: DetailedPeerCertificate): DetailedPeerCertificate {
  let certificate = leaf;
  // The root names itself as its issuer.
  while ((certificate.issuerCertificate as DetailedPeerCertificate | undefined) !== undefined) {
    if (certificate.issuerCertificate.fingerprint256 === certificate.fingerprint256) break;
    certificate = certificate.issuerCertificate;
  }
  return certificate;
}

function pem({ raw }: DetailedPeerCertificate): string {
  const lines = raw.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}
