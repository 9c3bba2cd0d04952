import { createHash, randomUUID } from 'node:crypto';
import { mkdir, open, readdir, rename, rm, unlink, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import type { BlobInfo, PutOptions } from '@epinio/core';
import { footerOf, readInfo } from './blob-file.ts';
import { assertBlobKey } from '@epinio/core';
import { fileNameOf } from './file-name.ts';
import { codeOf, diskError } from './disk-error.ts';
import { PROCESS } from './leftovers.ts';

/** An open blob; who gets it closes the file. */
export interface OpenBlob {
  readonly info: BlobInfo;
  readonly file: FileHandle;
  readonly path: string;
}

/**
 * Blobs as files of one folder. A blob appears by a rename after it is on the disk, so it is whole or not
 * there, also after a power cut; readers of one that is replaced or deleted read the old one to its end.
 */
export class BlobFolder {
  readonly root: string;
  readonly #blobs: string;
  /** Files that are being written; a crash leaves them here. */
  readonly incoming: string;

  constructor(root: string) {
    this.root = root;
    this.#blobs = join(root, 'blobs');
    this.incoming = join(root, 'incoming');
  }

  async put(key: string, content: Readable, options: PutOptions): Promise<BlobInfo> {
    assertBlobKey(key);
    const temporary = join(this.incoming, `${PROCESS}-${randomUUID()}`);
    const file = await this.#create(temporary);
    try {
      const { size, sha256 } = await this.#write(file, content);
      const { contentType, metadata = {} } = options;
      const info: BlobInfo = { key, size, sha256, contentType, metadata: lowerCaseKeys(metadata) };
      await this.#onDisk(async () => {
        await file.appendFile(footerOf(info));
        await file.sync();
        options.signal?.throwIfAborted();
        await rename(temporary, this.#pathOf(key));
        await syncFolder(this.#blobs);
      });
      return info;
    } catch (error) {
      await rm(temporary, { force: true });
      throw error;
    } finally {
      await file.close();
    }
  }

  /** @returns undefined when there is none. */
  async open(key: string): Promise<OpenBlob | undefined> {
    assertBlobKey(key);
    return this.#open(this.#pathOf(key));
  }

  async delete(key: string): Promise<void> {
    assertBlobKey(key);
    try {
      await unlink(this.#pathOf(key));
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return;
      throw diskError(error, this.root);
    }
    await syncFolder(this.#blobs);
  }

  /** In no order; blobs that come or go meanwhile may be there or not. */
  async *list(prefix: string, signal?: AbortSignal): AsyncGenerator<BlobInfo, void, undefined> {
    for (const name of await this.#names()) {
      signal?.throwIfAborted();
      const blob = await this.#open(join(this.#blobs, name));
      await blob?.file.close();
      if (blob?.info.key.startsWith(prefix) === true) yield blob.info;
    }
  }

  #pathOf(key: string): string {
    return join(this.#blobs, fileNameOf(key));
  }

  async #create(path: string): Promise<FileHandle> {
    return this.#onDisk(async () => {
      await mkdir(this.#blobs, { recursive: true, mode: 0o700 });
      await mkdir(this.incoming, { recursive: true, mode: 0o700 });
      return open(path, 'wx', 0o600);
    });
  }

  async #write(file: FileHandle, content: Readable): Promise<{ size: number; sha256: string }> {
    const hash = createHash('sha256');
    let size = 0;
    for await (const piece of content) {
      const chunk = typeof piece === 'string' ? Buffer.from(piece) : (piece as Buffer);
      const writing = this.#onDisk(() => file.appendFile(chunk));
      hash.update(chunk); // while the disk works
      await writing;
      size += chunk.length;
    }
    return { size, sha256: hash.digest('hex') };
  }

  async #open(path: string): Promise<OpenBlob | undefined> {
    let file: FileHandle;
    try {
      file = await open(path, 'r');
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return undefined;
      throw diskError(error, this.root);
    }
    try {
      return { info: await readInfo(file, path), file, path };
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  async #names(): Promise<string[]> {
    try {
      return await readdir(this.#blobs);
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return [];
      throw diskError(error, this.root);
    }
  }

  async #onDisk<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw diskError(error, this.root);
    }
  }
}

/** Makes renames and removals in a folder last. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

function lowerCaseKeys(metadata: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(metadata).map(([key, value]) => [key.toLowerCase(), value]));
}
