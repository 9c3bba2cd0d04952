import { Transform, type TransformCallback } from 'node:stream';
import { archiveType } from '../archive/archive-type.ts';
import { badRequest } from '../apps/published-errors.ts';
import { EpinioError } from '../kernel/errors.ts';

const HEAD = 512;
const ACCEPTED = new Set([
  'application/zip',
  'application/x-tar',
  'application/gzip',
  'application/x-bzip2',
  'application/x-xz',
]);
/** A client that sends nothing for so long has gone. */
const STALLED_MS = 60_000;

/**
 * Passes an upload on when its first 512 bytes are those of an archive, and fails with the published 400 when they are
 * not; also when the sender falls silent. Holds no more than those bytes.
 */
export class ArchiveCheck extends Transform {
  #head: Buffer | undefined = Buffer.alloc(0);
  readonly #timer: NodeJS.Timeout;

  constructor() {
    super();
    this.#timer = setTimeout(() => this.destroy(stalled()), STALLED_MS);
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    this.#timer.refresh();
    if (this.#head === undefined) {
      done(null, chunk);
      return;
    }
    this.#head = Buffer.concat([this.#head, chunk]);
    if (this.#head.length < HEAD) done();
    else this.#check(done);
  }

  override _flush(done: TransformCallback): void {
    if (this.#head === undefined) done();
    else this.#check(done);
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    clearTimeout(this.#timer);
    done(error);
  }

  #check(done: TransformCallback): void {
    const head = this.#head ?? Buffer.alloc(0);
    this.#head = undefined;
    const type = archiveType(head.subarray(0, HEAD));
    if (type === undefined || !ACCEPTED.has(type)) done(unsupported(type));
    else done(null, head);
  }
}

function unsupported(type = ''): EpinioError {
  return badRequest('UPLOAD_TYPE', `archive type not supported [${type}]`, {
    fix: 'Upload a tar (plain, gzip, bzip2 or xz) or a zip',
  });
}

function stalled(): EpinioError {
  return new EpinioError('UPLOAD_STALLED', `the upload sent nothing for ${STALLED_MS / 1000} s`, {
    status: 408,
  });
}
