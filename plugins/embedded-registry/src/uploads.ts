import { createHash, randomUUID, type Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { parseDigest } from '@epinio/core/oci';

/** A blob on its way in: OCI distribution-spec, "Pushing blobs". */
export interface Upload {
  readonly id: string;
  readonly repository: string;
  readonly file: string;
  readonly algorithm: string;
  readonly hash: Hash;
  /** Bytes that have come so far. */
  offset: number;
  /** True while a request writes to it. */
  busy: boolean;
  touchedMs: number;
}

/** The uploads of this process. They do not outlive it: clients begin anew. */
export class Uploads {
  readonly #folder: string;
  readonly #uploads = new Map<string, Upload>();

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** `algorithm`: of the digest that is to come, as far as it is known. */
  async start(repository: string, algorithm: string, nowMs: number): Promise<Upload> {
    const id = randomUUID();
    const file = join(this.#folder, id);
    await (await open(file, 'wx', 0o600)).close();
    const upload: Upload = {
      id,
      repository,
      file,
      algorithm,
      hash: createHash(algorithm),
      offset: 0,
      busy: false,
      touchedMs: nowMs,
    };
    this.#uploads.set(id, upload);
    return upload;
  }

  /** @returns undefined when there is none, or it is another repository's. */
  find(repository: string, id: string): Upload | undefined {
    const upload = this.#uploads.get(id);
    return upload?.repository === repository ? upload : undefined;
  }

  /** Adds what comes. When the sender breaks off, what came before counts, and can be gone on from. */
  async append(upload: Upload, content: AsyncIterable<Buffer>, now: () => number): Promise<void> {
    const file = await open(upload.file, 'a');
    try {
      for await (const chunk of content) {
        const writing = file.appendFile(chunk);
        upload.hash.update(chunk); // while the disk works
        await writing;
        upload.offset += chunk.length;
        upload.touchedMs = now();
      }
      await file.datasync();
    } finally {
      await file.close();
    }
  }

  /** The digest of what came, in the algorithm of `wanted`. */
  async digest(upload: Upload, wanted: string): Promise<string> {
    const algorithm = parseDigest(wanted)?.algorithm ?? upload.algorithm;
    if (algorithm === upload.algorithm) return `${algorithm}:${upload.hash.copy().digest('hex')}`;
    const hash = createHash(algorithm);
    await pipeline(createReadStream(upload.file), hash);
    return `${algorithm}:${hash.digest('hex')}`;
  }

  /** Forgets the upload, and its file if it is still there. */
  async end(upload: Upload): Promise<void> {
    this.#uploads.delete(upload.id);
    await rm(upload.file, { force: true });
  }

  /** Ends uploads that have not gone on since. @returns how many. */
  async expire(beforeMs: number): Promise<number> {
    const stale = [...this.#uploads.values()].filter(({ busy, touchedMs }) => !busy && touchedMs < beforeMs);
    for (const upload of stale) await this.end(upload);
    return stale.length;
  }
}
