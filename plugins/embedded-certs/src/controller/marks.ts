import { createHash } from 'node:crypto';
import type { Secret } from '@epinio/core';
import type { Certificate } from '../kinds.ts';
import type { Wish } from '../x509/wish.ts';

/** What a Secret was made from, so that a change of it is seen that the certificate does not show. */
const SPEC_MARK = 'embedded-certs.epinio.io/spec';
export const TEMPLATE_MARK = 'embedded-certs.epinio.io/template';

/** Annotations of the Secret: digests of what was asked for. */
export type Marks = Readonly<Record<typeof SPEC_MARK | typeof TEMPLATE_MARK, string>>;

/** Pure. What does not show in the certificate, its renewal time and its key's fate, is no reason to issue. */
export function marksOf({ spec }: Certificate, wish: Wish): Marks {
  const { renewBeforeMs: _when, keepsKey: _how, dnsNames, ipAddresses, usages, ...rest } = wish;
  const lists = [dnsNames, ipAddresses, usages].map((list) => list.toSorted());
  const { name, kind = 'Issuer' } = spec.issuerRef;
  return {
    [SPEC_MARK]: digest([rest, lists, kind, name]),
    [TEMPLATE_MARK]: digest([
      Object.entries(spec.secretTemplate?.labels ?? {}).sort(),
      Object.entries(spec.secretTemplate?.annotations ?? {}).sort(),
    ]),
  };
}

/** Why a certificate has to be issued by its marks; a Secret without them, such as cert-manager's, is believed. */
export function reasonInMarks(secret: Secret | undefined, marks: Marks): string | undefined {
  const mark = secret?.metadata.annotations?.[SPEC_MARK];
  return mark === undefined || mark === marks[SPEC_MARK] ? undefined : 'its specification has changed';
}

export function hasMark(secret: Secret | undefined, name: keyof Marks, marks: Marks): boolean {
  return secret?.metadata.annotations?.[name] === marks[name];
}

function digest(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, 16);
}
