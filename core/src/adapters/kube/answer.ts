import type { IncomingMessage } from 'node:http';
import { pipeline } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { EpinioError } from '../../kernel/errors.ts';
import type { FailureStatus } from '../../kube/kube-error.ts';

const MAX_BODY_BYTES = 128 * 1024 * 1024;
/** Of an answer that is no `Status`: enough to recognise a proxy's error page. */
const MAX_TEXT = 500;

/** The whole body, unzipped. Fails with `KUBE_FAILED` when it is larger than any answer should be. */
export async function readBody(response: IncomingMessage): Promise<string> {
  const isZipped = response.headers['content-encoding'] === 'gzip';
  // The pipeline's outcome is seen by who reads its end; the callback has nothing to add.
  const source: AsyncIterable<Buffer> = isZipped
    ? pipeline(response, createGunzip(), () => undefined)
    : response;
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of source) {
    size += chunk.length;
    if (size > MAX_BODY_BYTES)
      throw failed(`The Kubernetes API answered with more than ${MAX_BODY_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

export async function readJson<T>(response: IncomingMessage): Promise<T> {
  const body = await readBody(response);
  try {
    return JSON.parse(body) as T;
  } catch (cause) {
    throw failed(`The Kubernetes API answered with something that is no JSON: "${body.slice(0, 80)}"`, cause);
  }
}

/** What an answer of 400 and above says, in the server's words. */
export async function readFailure(response: IncomingMessage): Promise<FailureStatus> {
  const { statusCode: code = 0 } = response;
  const body = await readBody(response);
  const { kind, reason, message } = asStatus(body);
  if (kind === 'Status' && message !== undefined)
    return { code, message, ...(reason === undefined ? {} : { reason }) };
  const text = body.trim();
  return {
    code,
    message: text === '' ? `The Kubernetes API answered with HTTP ${code}` : text.slice(0, MAX_TEXT),
  };
}

function asStatus(body: string): {
  readonly kind?: string;
  readonly reason?: string;
  readonly message?: string;
} {
  try {
    return JSON.parse(body) as { readonly kind?: string };
  } catch {
    // Not every answer comes from the API server itself: proxies answer in text or HTML.
    return {};
  }
}

function failed(message: string, cause?: unknown): EpinioError {
  return new EpinioError('KUBE_FAILED', message, { status: 500, cause });
}
