import type { IncomingMessage } from 'node:http';
import { messageOf } from '@epinio/core';
import { badRequest, tooLarge, unsupportedMediaType } from '../status.ts';
import type { Exchange } from './exchange.ts';
import { jsonSyntaxError } from '../json-syntax.ts';
import { duplicateKeys, isTooDeep } from './json-text.ts';
import { MEDIA_TYPES } from './media-type.ts';

/** The most that one request may carry, in bytes: what the real API server takes. */
export const MAX_BODY = 3 * 1024 * 1024;

const PROTOBUF = 'application/vnd.kubernetes.protobuf';
/** Bytes of a body that a message shows. */
const SHOWN = 30;

/** Reads the whole body. Fails with 413 as soon as it is over the limit, 400 when it is cut off. */
export async function readBody(incoming: IncomingMessage): Promise<Buffer> {
  if (Number(incoming.headers['content-length'] ?? 0) > MAX_BODY) throw tooLarge(MAX_BODY);
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    incoming.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size <= MAX_BODY) {
        chunks.push(chunk);
        return;
      }
      incoming.removeAllListeners('data').pause();
      reject(tooLarge(MAX_BODY));
    });
    incoming.on('end', () => resolve(chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks)));
    const cut = (): void => {
      if (!incoming.complete) reject(badRequest('unexpected EOF'));
    };
    incoming.on('close', cut);
    incoming.on('error', cut);
  });
}

/**
 * The body as a JSON value, whatever it is written in. What its text has twice is told to the exchange.
 * Fails with 400, 413 or 415.
 *
 * @param kind what is expected, for the message
 */
export async function readObject(exchange: Exchange, kind: string): Promise<unknown> {
  const contentType = exchange.contentType === '' ? 'application/json' : exchange.contentType;
  if (!MEDIA_TYPES.includes(contentType)) throw unsupportedMediaType(MEDIA_TYPES);
  const body = await readBody(exchange.incoming);
  if (contentType === PROTOBUF) {
    const { decodeProtobuf } = await import('../protobuf/decode.ts');
    return decodeProtobuf(body);
  }
  const text = body.toString('utf8');
  try {
    if (contentType === 'application/yaml') return await readYaml(exchange, text);
    const value = parseJson(text);
    exchange.bodyProblems.push(...duplicateFields(text));
    return value;
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause;
    const why =
      contentType === 'application/yaml'
        ? cause.message
        : `couldn't get version/kind; json parse error: ${cause.message}`;
    throw badRequest(
      `the object provided is unrecognized (must be of type ${kind}): ${why} (${summary(body)})`,
      cause,
    );
  }
}

/** What a body holds that JSON.parse says nothing of. */
export function duplicateFields(text: string): readonly string[] {
  return duplicateKeys(text).map((path) => `duplicate field ${JSON.stringify(path)}`);
}

/** Throws a SyntaxError in the words of the real API server. */
export function parseJson(text: string): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text) as unknown;
  } catch (cause) {
    throw new SyntaxError(jsonSyntaxError(text), { cause });
  }
  if (isTooDeep(text)) throw new SyntaxError('exceeded max depth');
  return value;
}

/** YAML, of which JSON is a part: most clients send that. Only what JSON can say. Throws a SyntaxError. */
export async function readYaml(exchange: Exchange, text: string): Promise<unknown> {
  const json = sureJson(text);
  if (json !== undefined) return json;
  const { parseYamlText } = await import('./yaml.ts');
  try {
    const { value, duplicates } = parseYamlText(text);
    if (duplicates.length > 0)
      exchange.bodyProblems.push(
        `yaml: unmarshal errors:\n${duplicates.map((line) => `  ${line}`).join('\n')}`,
      );
    return value;
  } catch (cause) {
    throw new SyntaxError(messageOf(cause), { cause });
  }
}

/** The object of a text that is JSON in every respect; undefined when the parser of YAML has to judge it. */
function sureJson(text: string): unknown {
  if (!text.startsWith('{')) return undefined;
  try {
    const value = parseJson(text);
    return duplicateKeys(text).length === 0 ? value : undefined;
  } catch {
    return undefined; // the parser of YAML says what is wrong, if anything is
  }
}

/** The beginning of a body, as messages show it: in hexadecimal when it does not look like JSON. */
function summary(body: Buffer): string {
  if (body.length === 0) return '<empty>';
  const cut = body.subarray(0, SHOWN).toString(body[0] === 0x7b ? 'utf8' : 'hex');
  return body.length > SHOWN ? `${cut} ...` : cut;
}
