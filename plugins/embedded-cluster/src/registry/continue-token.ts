import { badRequest } from '../status.ts';
import { jsonSyntaxError } from '../json-syntax.ts';
import { isObject, textOf } from '../json.ts';

const VERSION = 'meta.k8s.io/v1';

/** Where a list goes on: the revision that it is of, or -1 for the newest, and the key after which. */
export interface ContinueToken {
  readonly rv: number;
  readonly start: string;
}

/** The token as clients hand it back. */
export function writeContinueToken(revision: number, start: string): string {
  return Buffer.from(JSON.stringify({ v: VERSION, rv: revision, start })).toString('base64url');
}

/** Fails with 400 for what `writeContinueToken` did not write. */
export function readContinueToken(text: string): ContinueToken {
  const { v, rv, start } = parsed(text);
  if (v !== VERSION) throw refused(`: server does not recognize this encoded version ${textOf(v)}`);
  if (typeof rv !== 'number' || rv === 0)
    throw refused(`: incorrect encoded start resourceVersion (version ${VERSION})`);
  if (typeof start !== 'string' || start === '')
    throw refused(`: encoded start key empty (version ${VERSION})`);
  if (/(^|\/)\.{0,2}(\/|$)/.test(start)) throw refused(`: ${start}`);
  return { rv, start };
}

function parsed(text: string): Readonly<Record<string, unknown>> {
  const wrong = /[^A-Za-z0-9_-]/.exec(text)?.index ?? (text.length % 4 === 1 ? text.length - 1 : undefined);
  if (wrong !== undefined) throw refused(`: illegal base64 data at input byte ${wrong}`);
  const bytes = Buffer.from(text, 'base64url');
  let token: unknown;
  try {
    token = JSON.parse(bytes.toString());
  } catch (cause) {
    throw refused(`: ${jsonSyntaxError(bytes.toString('latin1'))}`, cause);
  }
  if (isObject(token)) return token;
  throw refused(': json: cannot unmarshal it into Go value of type storage.continueToken');
}

function refused(why: string, cause?: unknown): Error {
  return badRequest(`invalid continue token: continue key is not valid${why}`, cause);
}
