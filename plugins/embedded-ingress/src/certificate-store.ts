import { createPrivateKey, X509Certificate } from 'node:crypto';
import { createSecureContext, type SecureContext } from 'node:tls';
import { EpinioError, messageOf, type Secret } from '@epinio/core';
import type { SecretName } from './route-claims.ts';

export interface CertificateSource {
  /** The Secret for a server name, by its route. */
  secretNameFor(serverName: string): SecretName | undefined;
  secret(name: SecretName): Secret | undefined;
}

/** Finds the certificate for a TLS connection by its server name, always from the Secret as it is now. */
export class CertificateStore {
  readonly #source: CertificateSource;
  readonly #onInvalid: (name: SecretName, error: unknown) => void;
  /** By Secret; a newer version replaces the older. `undefined`: that version cannot be used. */
  readonly #contexts = new Map<string, { version: string; context: SecureContext | undefined }>();

  constructor(source: CertificateSource, onInvalid: (name: SecretName, error: unknown) => void) {
    this.#source = source;
    this.#onInvalid = onInvalid;
  }

  /** @returns undefined when there is none (yet), or it is invalid: the fallback certificate is shown then. */
  contextFor(serverName: string): SecureContext | undefined {
    const name = this.#source.secretNameFor(serverName.toLowerCase().replace(/\.$/, ''));
    const secret = name && this.#source.secret(name);
    if (name === undefined || secret === undefined) return undefined;
    const key = `${name.namespace}/${name.name}`;
    const version = `${secret.metadata.uid ?? ''}/${secret.metadata.resourceVersion ?? ''}`;
    const known = this.#contexts.get(key);
    if (known?.version === version) return known.context;
    let context: SecureContext | undefined;
    try {
      context = secureContextOf(secret);
    } catch (error) {
      this.#onInvalid(name, error);
    }
    this.#contexts.set(key, { version, context });
    return context;
  }

  /** Forgets the certificate of a Secret that is gone. */
  forget({ namespace, name }: SecretName): void {
    this.#contexts.delete(`${namespace}/${name}`);
  }
}

/** Fails with `TLS_SECRET_INVALID` when certificate and key do not make a pair. */
function secureContextOf(secret: Secret): SecureContext {
  const { name, namespace = '' } = secret.metadata;
  const certificate = Buffer.from(secret.data?.['tls.crt'] ?? '', 'base64');
  const key = Buffer.from(secret.data?.['tls.key'] ?? '', 'base64');
  try {
    if (!new X509Certificate(certificate).checkPrivateKey(createPrivateKey(key))) {
      throw new Error('tls.key is not the key of tls.crt');
    }
    return createSecureContext({ cert: certificate, key });
  } catch (error) {
    throw new EpinioError(
      'TLS_SECRET_INVALID',
      `Secret "${name}" in namespace "${namespace}" holds no usable certificate: ${messageOf(error)}`,
      { fix: 'Put a PEM certificate chain into "tls.crt" and its key into "tls.key"', cause: error },
    );
  }
}
