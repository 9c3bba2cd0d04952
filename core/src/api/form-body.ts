import type { ApiContext } from './context.ts';
import { readText } from './json-body.ts';

/** A small URL-encoded form. */
export async function readForm(c: ApiContext): Promise<URLSearchParams> {
  return new URLSearchParams(await readText(c));
}
