import type { IncomingMessage } from 'node:http';
import type { StatusError } from '../status.ts';
import { badRequest, tooLarge, unsupportedMediaType } from '../status.ts';
import type { Exchange } from './exchange.ts';

/** The most that one request may carry, in bytes: what the real API server takes. */
export const MAX_BODY = 3 * 1024 * 1024;

export const PROTOBUF = 'application/vnd.kubernetes.protobuf';
const ACCEPTED = ['application/json', 'application/yaml', PROTOBUF];

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
 * The body as a JSON value, whatever it is written in. `undefined` for no body.
 * Fails with 400, 413 or 415.
 *
 * @param kind what is expected, for the message
 */
export async function readObject(exchange: Exchange, kind: string): Promise<unknown> {
  const { contentType } = exchange;
  const body = await readBody(exchange.incoming);
  if (body.length === 0) return undefined;
  switch (contentType) {
    case '':
    case 'application/json':
      return parseJson(body, kind);
    case 'application/yaml':
    case 'application/x-yaml':
      return parseYaml(body, kind);
    case PROTOBUF: {
      const { decodeProtobuf } = await import('../protobuf/decode.ts');
      return decodeProtobuf(body);
    }
    default:
      throw unsupportedMediaType(ACCEPTED);
  }
}

/** Fails with 400, and shows the beginning of what it could not read. */
export function parseJson(body: Buffer, kind: string): unknown {
  const text = body.toString('utf8');
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    throw unreadable(kind, cause, text);
  }
}

/** YAML, of which JSON is a part. Only what JSON can say: no dates, no tags. */
export async function parseYaml(body: Buffer, kind: string): Promise<unknown> {
  const text = body.toString('utf8');
  if (text.startsWith('{')) {
    try {
      return JSON.parse(text) as unknown;
    } catch {
      // not JSON, but perhaps a flow mapping of YAML
    }
  }
  const { parse } = await import('yaml');
  try {
    return parse(text, { schema: 'core', uniqueKeys: true, maxAliasCount: 100 }) as unknown;
  } catch (cause) {
    throw unreadable(kind, cause, text);
  }
}

function unreadable(kind: string, cause: unknown, text: string): StatusError {
  const why = cause instanceof Error ? (cause.message.split('\n', 1)[0] ?? '') : String(cause);
  const shown = text.length > 30 ? `${text.slice(0, 30)} ...` : text;
  return badRequest(
    `the object provided is unrecognized (must be of type ${kind}): couldn't get version/kind; json parse error: ${why} (${shown})`,
  );
}
