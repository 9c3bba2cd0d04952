import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import type { BlobInfo, PutOptions, Storage } from '../../contracts/storage.ts';

/** Blobs in memory. */
export class MemoryStorage implements Storage {
  readonly blobs = new Map<string, { readonly info: BlobInfo; readonly bytes: Buffer }>();

  async put(key: string, content: Readable, { contentType, metadata = {} }: PutOptions): Promise<BlobInfo> {
    const chunks: Buffer[] = [];
    for await (const chunk of content as AsyncIterable<Buffer>) chunks.push(chunk);
    const bytes = Buffer.concat(chunks);
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    const info = { key, size: bytes.length, sha256, contentType, metadata };
    this.blobs.set(key, { info, bytes });
    return info;
  }

  async get(key: string): ReturnType<Storage['get']> {
    const blob = this.blobs.get(key);
    return blob === undefined ? undefined : { info: blob.info, content: Readable.from([blob.bytes]) };
  }

  async info(key: string): Promise<BlobInfo | undefined> {
    return this.blobs.get(key)?.info;
  }

  async delete(key: string): Promise<void> {
    this.blobs.delete(key);
  }

  async *list(prefix = ''): AsyncGenerator<BlobInfo> {
    for (const [key, { info }] of this.blobs) if (key.startsWith(prefix)) yield info;
  }

  async readUrl(key: string): Promise<string> {
    return `http://127.0.0.1/blobs/${key}`;
  }
}
