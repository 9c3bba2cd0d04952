import type { IncomingMessage, ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import type { BlobInfo, Clock } from '@epinio/core';
import type { BlobFolder } from './blob-folder.ts';
import { BlobReader } from './blob-reader.ts';
import { parseRange } from './byte-range.ts';
import { codeOf } from './disk-error.ts';
import type { UrlSigner } from './url-signer.ts';

export interface BlobServerDeps {
  readonly blobs: BlobFolder;
  readonly signer: UrlSigner;
  readonly clock: Clock;
}

/** Answers GET and HEAD of signed URLs, and nothing else: who has no URL learns not even which blobs there are. */
export async function serveBlob(
  request: IncomingMessage,
  response: ServerResponse,
  deps: BlobServerDeps,
): Promise<void> {
  response.setHeader('cache-control', 'private, no-store');
  response.setHeader('x-content-type-options', 'nosniff');
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.setHeader('allow', 'GET, HEAD');
    return refuse(response, 405, 'Only GET and HEAD are answered here');
  }
  const [path = '', query = ''] = (request.url ?? '').split('?', 2);
  const key = path.slice(1);
  if (!deps.signer.accepts(key, new URLSearchParams(query), deps.clock.now())) {
    return refuse(response, 403, 'The URL is not signed for this blob, or has expired: ask for a new one');
  }
  const blob = await deps.blobs.open(key);
  if (blob === undefined) return refuse(response, 404, 'There is no such blob any more');

  const range = parseRange(request.headers.range, blob.info.size);
  if (range === 'unsatisfiable' || request.method === 'HEAD') await blob.file.close();
  if (range === 'unsatisfiable') {
    response.setHeader('content-range', `bytes */${blob.info.size}`);
    return refuse(response, 416, 'The blob is shorter than that');
  }
  describe(response, blob.info);
  if (range !== undefined) {
    response.statusCode = 206;
    response.setHeader('content-range', `bytes ${range.start}-${range.end}/${blob.info.size}`);
    response.setHeader('content-length', range.end - range.start + 1);
  }
  if (request.method === 'HEAD') response.end();
  else await pipeline(new BlobReader(blob.file, blob.path, blob.info, range), response);
}

/** True for the errors of a client that went away: nothing to report. */
export function isClientGone(error: unknown): boolean {
  return ['ERR_STREAM_PREMATURE_CLOSE', 'ECONNRESET', 'EPIPE'].includes(codeOf(error) ?? '');
}

function describe(response: ServerResponse, { contentType, size, sha256 }: BlobInfo): void {
  response.setHeader('content-type', contentType);
  response.setHeader('content-length', size);
  response.setHeader('accept-ranges', 'bytes');
  response.setHeader('etag', `"${sha256}"`);
}

async function refuse(response: ServerResponse, status: number, message: string): Promise<void> {
  response.statusCode = status;
  response.setHeader('content-type', 'text/plain; charset=utf-8');
  response.end(`${message}\n`);
}
