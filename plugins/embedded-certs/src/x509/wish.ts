import { EpinioError } from '@epinio/core';
import type { Certificate } from '../kinds.ts';
import { parseDuration } from './duration.ts';

/** What a Certificate asks for, with its defaults: cert-manager's own. */
export interface Wish {
  readonly commonName: string | undefined;
  readonly dnsNames: readonly string[];
  readonly ipAddresses: readonly string[];
  readonly isCA: boolean;
  readonly durationMs: number;
  readonly renewBeforeMs: number;
  readonly usages: readonly string[];
  readonly algorithm: 'RSA' | 'ECDSA';
  /** Bits. */
  readonly size: number;
  readonly keepsKey: boolean;
}

const DEFAULT_DURATION_MS = 90 * 24 * 3_600_000;
const SIZES = { RSA: [2048, 3072, 4096], ECDSA: [256, 384, 521] } as const;

/** Reads a Certificate's wish. Fails with `CERTIFICATE_INVALID`, naming the field. */
export function wishOf({ spec }: Certificate): Wish {
  const { privateKey = {}, dnsNames = [], ipAddresses = [], commonName } = spec;
  const algorithm = privateKey.algorithm ?? 'RSA';
  if (!Object.hasOwn(SIZES, algorithm))
    throw invalid('privateKey.algorithm', `"${algorithm}" is not supported`);
  const size = privateKey.size ?? SIZES[algorithm][0];
  if (!(SIZES[algorithm] as readonly number[]).includes(size)) {
    throw invalid('privateKey.size', `${algorithm} keys have ${SIZES[algorithm].join(', ')} bits`);
  }
  if (commonName === undefined && dnsNames.length === 0 && ipAddresses.length === 0) {
    throw invalid('dnsNames', 'at least one of commonName, dnsNames and ipAddresses is needed');
  }
  const durationMs = duration('duration', spec.duration) ?? DEFAULT_DURATION_MS;
  const renewBeforeMs = duration('renewBefore', spec.renewBefore) ?? durationMs / 3;
  if (renewBeforeMs >= durationMs) throw invalid('renewBefore', 'it must be shorter than the duration');
  return {
    commonName,
    dnsNames,
    ipAddresses,
    isCA: spec.isCA ?? false,
    durationMs,
    renewBeforeMs,
    usages: spec.usages ?? ['digital signature', 'key encipherment'],
    algorithm,
    size,
    keepsKey: privateKey.rotationPolicy === 'Never',
  };
}

function duration(field: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const ms = parseDuration(text);
  if (ms === undefined || ms <= 0) throw invalid(field, `"${text}" is not a duration such as 2160h`);
  return ms;
}

function invalid(field: string, why: string): EpinioError {
  return new EpinioError('CERTIFICATE_INVALID', `spec.${field}: ${why}`);
}
