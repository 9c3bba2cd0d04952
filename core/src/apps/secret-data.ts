import type { Secret } from '../kube/kinds.ts';

const decoded = new WeakMap<Secret, Readonly<Record<string, string>>>();

/** A Secret's data as text, keys sorted; decoded once per version of the Secret. */
export function secretTexts(secret: Secret | undefined): Readonly<Record<string, string>> {
  if (secret === undefined) return {};
  let texts = decoded.get(secret);
  if (texts === undefined) {
    const entries = Object.entries(secret.data ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));
    texts = Object.fromEntries(entries.map(([key, value]) => [key, base64ToText(value)]));
    decoded.set(secret, texts);
  }
  return texts;
}

function base64ToText(value: string): string {
  return Buffer.from(value, 'base64').toString('utf8');
}

export function textToBase64(text: string): string {
  return Buffer.from(text, 'utf8').toString('base64');
}
