import type { IncomingMessage, ServerResponse } from 'node:http';
import { parseDigest } from '@epinio/core/oci';
import type { Clock } from '@epinio/core';
import { codeOf } from '../disk.ts';
import type { ImageStore } from '../layout/image-store.ts';
import type { Repository } from '../layout/repository.ts';
import type { Uploads } from '../uploads.ts';
import { OciError } from './oci-error.ts';

/** What the handlers work with. */
export interface RegistryDeps {
  readonly store: ImageStore;
  readonly uploads: Uploads;
  readonly clock: Clock;
}

/** One request and its answer. */
export interface Exchange extends RegistryDeps {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly query: URLSearchParams;
  /** The repository; checked to be a valid name. */
  readonly name: string;
  /** What the path names beside it: digest, tag or id of an upload. */
  readonly reference: string;
}

/** The repository of the request; fails with 404 when nothing was ever pushed to it. */
export async function knownRepository({ store, name }: Exchange): Promise<Repository> {
  const repository = await store.find(name);
  if (repository === undefined) throw new OciError(404, 'NAME_UNKNOWN', `there is no repository "${name}"`);
  return repository;
}

/** Fails with 400 unless it is a digest of an algorithm that is known here. */
export function assertDigest(digest: string): void {
  if (parseDigest(digest) === undefined) {
    throw new OciError(400, 'DIGEST_INVALID', `"${digest}" is no digest of sha256 or sha512`);
  }
}

/** The body as it comes. Leaving the loop early does not cut the connection, so that an answer still gets through. */
export function body(request: IncomingMessage): AsyncIterable<Buffer> {
  return {
    [Symbol.asyncIterator]: () => request.iterator({ destroyOnReturn: false }) as AsyncIterator<Buffer>,
  };
}

/** True for the errors of a client that went away. */
export function isClientGone(error: unknown): boolean {
  return ['ERR_STREAM_PREMATURE_CLOSE', 'ECONNRESET', 'EPIPE'].includes(codeOf(error) ?? '');
}

/** Sends a JSON document. */
export function sendJson(
  { request, response }: Exchange,
  value: unknown,
  headers: Record<string, string> = {},
): void {
  const text = JSON.stringify(value);
  response.writeHead(200, {
    'content-type': 'application/json',
    ...headers,
    'content-length': Buffer.byteLength(text),
  });
  response.end(request.method === 'HEAD' ? undefined : text);
}

/** Sends headers only. */
export function sendEmpty(
  { response }: Exchange,
  status: number,
  headers: Record<string, string | number> = {},
): void {
  response.writeHead(status, { ...headers, 'content-length': 0 });
  response.end();
}
