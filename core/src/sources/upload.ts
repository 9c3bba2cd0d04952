import type { IncomingHttpHeaders } from 'node:http';
import type { Readable } from 'node:stream';
import busboy, { type Busboy } from 'busboy';
import type { AppName } from '../apps/app-object.ts';
import { badRequest } from '../apps/published-errors.ts';
import type { Storage } from '../contracts/storage.ts';
import { EpinioError, isEpinioError, messageOf } from '../kernel/errors.ts';
import type { Clock } from '../ports/clock.ts';
import { ArchiveCheck } from './archive-check.ts';
import { newBlob } from './blob-metadata.ts';

export interface UploadDeps {
  readonly storage: Pick<Storage, 'put'>;
  readonly clock: Pick<Clock, 'now'>;
}

export interface UploadRequest {
  readonly headers: IncomingHttpHeaders;
  readonly body: Readable;
}

const PART = 'file';
/** More than any source tree; a bound, so that one request cannot fill the disk. */
const MAX_BYTES = 8 * 1024 ** 3;

/**
 * Stores the part `file` of a multipart upload as the sources of an application; memory stays flat, whatever its size.
 * An upload that is refused or cut leaves nothing. @returns the blob's key. Fails with the published 400s.
 */
export async function storeUpload(
  deps: UploadDeps,
  app: AppName,
  username: string,
  { headers, body }: UploadRequest,
  signal: AbortSignal,
): Promise<string> {
  const form = openForm(headers);
  const { key, options } = newBlob(app, username, deps.clock.now(), signal);
  return new Promise<string>((resolve, reject) => {
    let stored: Promise<string> | undefined;
    let content: ArchiveCheck | undefined;
    const fail = (error: unknown): void => {
      const failure = isEpinioError(error) ? error : cut(error);
      content?.destroy(failure);
      body.unpipe(form);
      // What is still to come is read and dropped, so that the client gets to read the answer.
      body.resume();
      if (stored === undefined) reject(failure);
      else void stored.then(() => reject(failure), reject);
    };
    form.on('file', (name, file) => {
      if (name !== PART || content !== undefined) {
        file.resume();
        return;
      }
      content = new ArchiveCheck();
      const check = content;
      check.on('error', () => file.resume());
      file.on('limit', () => check.destroy(tooLarge()));
      file.on('error', (error) => check.destroy(isEpinioError(error) ? error : cut(error)));
      file.pipe(check);
      stored = deps.storage.put(key, check, options).then(() => key);
      stored.catch(fail);
    });
    form.on('error', fail);
    form.on('close', () => {
      if (stored === undefined) fail(missingPart('http: no such file'));
      else stored.then(resolve, reject);
    });
    body.on('error', fail);
    body.on('close', () => {
      if (!body.readableEnded) fail(new Error('the connection was closed'));
    });
    body.pipe(form);
  });
}

function openForm(headers: IncomingHttpHeaders): Busboy {
  try {
    return busboy({ headers, limits: { fileSize: MAX_BYTES, files: 1, fields: 16, fieldSize: 64 * 1024 } });
  } catch (cause) {
    throw missingPart("request Content-Type isn't multipart/form-data", cause);
  }
}

function missingPart(title: string, cause?: unknown): EpinioError {
  return badRequest('UPLOAD_MISSING', title, { details: ["can't read multipart file input"], cause });
}

function cut(cause: unknown): EpinioError {
  return badRequest('UPLOAD_CUT', `the upload broke off: ${messageOf(cause)}`, {
    details: ["can't read multipart file input"],
    cause,
  });
}

function tooLarge(): EpinioError {
  return new EpinioError('UPLOAD_TOO_LARGE', `the upload is larger than ${MAX_BYTES / 1024 ** 3} GiB`, {
    status: 413,
  });
}
