import { randomUUID } from 'node:crypto';
import type { AppName } from '../apps/app-object.ts';
import { badRequest } from '../apps/published-errors.ts';
import type { BlobInfo, PutOptions, Storage } from '../contracts/storage.ts';
import { blobGone } from '../deployments/stage.ts';

/** The published content type of all sources, whatever archive they are. */
const CONTENT_TYPE = 'application/tar';
/** Ours: the store does not say when a blob came. Milliseconds since the epoch. */
const UPLOADED = 'uploaded';

/** A key for new sources, and what is stored with them. */
export function newBlob(
  app: AppName,
  username: string,
  now: number,
  signal?: AbortSignal,
): { readonly key: string; readonly options: PutOptions } {
  const metadata = { app: app.name, namespace: app.namespace, username, [UPLOADED]: String(now) };
  return {
    key: randomUUID(),
    options: { contentType: CONTENT_TYPE, metadata, ...(signal === undefined ? {} : { signal }) },
  };
}

/** When the sources came; undefined for blobs that are not ours. */
export function uploadedAt({ metadata }: BlobInfo): number | undefined {
  const time = Number(metadata[UPLOADED]);
  return Number.isFinite(time) && metadata['app'] !== undefined ? time : undefined;
}

/** Fails with the published 400s unless the sources are there, and are this application's. */
export async function checkBlob(
  storage: Pick<Storage, 'info'>,
  app: AppName,
  blobUid: string,
  signal?: AbortSignal,
): Promise<void> {
  const blob = await storage.info(blobUid, signal);
  if (blob === undefined) throw blobGone(blobUid);
  const owner = { app: app.name, namespace: app.namespace };
  for (const key of ['app', 'namespace'] as const) {
    const found = blob.metadata[key] ?? '';
    if (found !== owner[key]) {
      throw badRequest('BLOB_MISMATCH', `blob ${key} mismatch`, {
        details: [`expected: [${owner[key]}], found: [${found}]`],
      });
    }
  }
}
