import { EpinioError, isEpinioError, messageOf } from '@epinio/core';

interface ServiceError {
  readonly name?: string;
  readonly code?: string;
  readonly $metadata?: { readonly httpStatusCode?: number };
}

/** What the service or the way to it said, as the operator can act on it. */
export function s3Error(error: unknown, where: string): unknown {
  if (isEpinioError(error) || typeof error !== 'object' || error === null) return error;
  const { name = '', code = '', $metadata } = error as ServiceError;
  const status = $metadata?.httpStatusCode;
  const fail = (id: string, fact: string, fix: string, http = 500): EpinioError =>
    new EpinioError(id, `The storage (${where}) ${fact}`, {
      fix,
      fault: 'system',
      status: http,
      cause: error,
    });
  if (name === 'NoSuchBucket')
    return fail('STORAGE_BUCKET_MISSING', 'does not exist', 'Make the bucket, or set `createBucket: true`');
  if (['InvalidAccessKeyId', 'SignatureDoesNotMatch', 'InvalidToken', 'ExpiredToken'].includes(name))
    return fail('STORAGE_DENIED', `does not accept the keys: ${name}`, 'Check the keys and `region`');
  if (name === 'CredentialsProviderError')
    return fail(
      'STORAGE_CREDENTIALS_MISSING',
      'has no keys: none are configured, and this machine has no role',
      'Set `credentialsSecret`',
    );
  if (status === 403 || name === 'AccessDenied')
    return fail(
      'STORAGE_DENIED',
      'refuses access',
      'Let the keys read, write, delete and list in the bucket',
    );
  if (name === 'QuotaExceeded' || status === 507)
    return fail('STORAGE_FULL', 'is full', 'Free some space in it, then push again', 507);
  if (/CERT|SELF_SIGNED|UNABLE_TO_VERIFY/.test(code))
    return fail(
      'STORAGE_UNREACHABLE',
      `cannot be trusted: ${messageOf(error)}`,
      'Set `ca` to the PEM of its authority',
      503,
    );
  if (code.startsWith('E') || name === 'TimeoutError')
    return fail(
      'STORAGE_UNREACHABLE',
      `cannot be reached: ${messageOf(error)}`,
      'Check `endpoint` and the network',
      503,
    );
  return error;
}

/** True for an object that is not there. */
export function isAbsent(error: unknown): boolean {
  const { name, $metadata } = (error ?? {}) as ServiceError;
  if (name === 'NoSuchBucket') return false;
  return name === 'NoSuchKey' || name === 'NotFound' || $metadata?.httpStatusCode === 404;
}
