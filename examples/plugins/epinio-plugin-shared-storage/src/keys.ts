import { createHash, randomUUID } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { EpinioError, type BlobInfo } from '@epinio/core';

const SEGMENT = /^[A-Za-z0-9._-]+$/;

/** Which key stands for which content: one small file a key, replaced as a whole. */
export class Keys {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  }

  async get(key: string): Promise<BlobInfo | undefined> {
    try {
      return JSON.parse(await readFile(this.#path(key), 'utf8')) as BlobInfo;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
  }

  async set(info: BlobInfo): Promise<void> {
    const path = this.#path(info.key);
    const temporary = `${path}.${randomUUID()}.tmp`;
    await writeFile(temporary, JSON.stringify(info), { mode: 0o600, flush: true });
    await rename(temporary, path);
  }

  async delete(key: string): Promise<void> {
    await rm(this.#path(key), { force: true });
  }

  async *list(): AsyncGenerator<BlobInfo> {
    for (const name of await readdir(this.#folder)) {
      if (!name.endsWith('.json')) continue;
      try {
        yield JSON.parse(await readFile(join(this.#folder, name), 'utf8')) as BlobInfo;
      } catch (error) {
        // Deleted while we were reading the others.
        if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      }
    }
  }

  /** Fails with `STORAGE_KEY_INVALID`. */
  check(key: string): void {
    if (!key.split('/').every((segment) => SEGMENT.test(segment) && !/^\.+$/.test(segment))) {
      throw new EpinioError('STORAGE_KEY_INVALID', `"${key}" cannot be the key of a blob`, {
        fix: 'use segments of letters, digits, ".", "_" and "-", with "/" between them',
      });
    }
  }

  #path(key: string): string {
    this.check(key);
    return join(this.#folder, `${createHash('sha256').update(key).digest('hex')}.json`);
  }
}
