import type { Readable } from 'node:stream';
import { contract } from '../kernel/plugin.ts';

export interface BlobInfo {
  readonly key: string;
  /** Bytes. */
  readonly size: number;
  /** SHA-256 of the content, lower-case hex. */
  readonly sha256: string;
  readonly contentType: string;
  /** Keys are lower case, as S3 has them. */
  readonly metadata: Readonly<Record<string, string>>;
}

export interface PutOptions {
  readonly contentType: string;
  readonly metadata?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

/** Keeps blobs: application sources. Keys are UUIDs or paths of `[A-Za-z0-9._-]` segments. */
export interface Storage {
  /** Reads the stream to its end; a blob is there whole or not at all. A key that exists is replaced. */
  put(key: string, content: Readable, options: PutOptions): Promise<BlobInfo>;
  /** The reader must consume or destroy the stream. @returns undefined when there is none. */
  get(
    key: string,
    signal?: AbortSignal,
  ): Promise<{ readonly info: BlobInfo; readonly content: Readable } | undefined>;
  info(key: string, signal?: AbortSignal): Promise<BlobInfo | undefined>;
  /** Succeeds when it is already gone. */
  delete(key: string, signal?: AbortSignal): Promise<void>;
  list(prefix?: string, signal?: AbortSignal): AsyncIterable<BlobInfo>;
  /**
   * How a pod reads a blob: a URL that answers GET with its bytes, without further credentials, until it
   * expires. The URL is a secret while it lives.
   */
  readUrl(key: string, options: { readonly expiresSeconds: number }): Promise<string>;
}

export const storage = contract<Storage>('storage');
