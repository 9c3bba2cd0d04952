import { messageOf, type Clock, type Pod } from '@epinio/core';
import type { PodTokens } from '../../start.ts';

/** A token of the pod's account that is kept in a file. */
export interface TokenSource {
  /** Absent: for the API of this cluster. */
  readonly audience?: string;
  readonly expirationSeconds?: number;
  readonly path: string;
}

const DEFAULT_SECONDS = 3600;
/** A token is renewed when so much of its time is over, or when it is a day old: as the kubelet does. */
const RENEW_AFTER = 0.8;
const MAX_AGE_SECONDS = 24 * 60 * 60;
/** Clocks may be so far apart: a token from further in the future is from before this clock was set back. */
const LEEWAY_SECONDS = 60;

/**
 * The token that a file is to hold: the one that it holds while that is good for long enough, else a new one. One that
 * cannot be renewed stays until its end. Fails when there is none to be had.
 *
 * @param present what the file holds now; empty when there is no file
 */
export async function podToken(
  {
    tokens,
    clock,
    pod,
  }: { readonly tokens: PodTokens; readonly clock: Pick<Clock, 'now'>; readonly pod: Pod },
  { audience, expirationSeconds = DEFAULT_SECONDS }: TokenSource,
  present: string,
): Promise<string> {
  const now = Math.floor(clock.now() / 1000);
  const age = await ageOf(present, tokens.keyId, now);
  const dueAt = Math.min(RENEW_AFTER * expirationSeconds, MAX_AGE_SECONDS);
  if (age !== undefined && age >= -LEEWAY_SECONDS && age < dueAt) return present;
  const { name, namespace = '', uid = '' } = pod.metadata;
  try {
    return await tokens.request({
      namespace,
      account: pod.spec.serviceAccountName ?? 'default',
      audiences: audience === undefined || audience === '' ? [] : [audience],
      expirationSeconds,
      pod: { name, uid },
    });
  } catch (error) {
    if (age !== undefined && age >= 0 && age < expirationSeconds) return present;
    throw new Error(`failed to fetch token: ${messageOf(error)}`, { cause: error });
  }
}

/** Seconds since a token was issued; undefined for what is none that is signed with this key. */
async function ageOf(token: string, keyId: string, now: number): Promise<number | undefined> {
  if (token === '') return undefined;
  const { decodeJwt, decodeProtectedHeader, errors } = await import('jose');
  try {
    const { iat } = decodeJwt(token);
    return decodeProtectedHeader(token).kid === keyId && iat !== undefined ? now - iat : undefined;
  } catch (error) {
    if (error instanceof errors.JOSEError || error instanceof TypeError) return undefined; // a file that is no token
    throw error;
  }
}
