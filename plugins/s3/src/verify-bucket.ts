import { randomUUID } from 'node:crypto';
import { EpinioError } from '@epinio/core';
import type { BucketCall } from './bucket.ts';
import type { Config } from './config.ts';

/**
 * Writes, reads and deletes an object, so that what is wrong with keys, region or rights is told before the first
 * push. Makes the bucket when that is wanted and it is not there. Idempotent.
 */
export async function verifyBucket(call: BucketCall, { createBucket, prefix }: Config): Promise<void> {
  const key = `${prefix}incoming/check-${randomUUID()}`;
  try {
    await tryOut(call, key);
  } catch (error) {
    if (!createBucket || nameOf(error) !== 'NoSuchBucket') throw error;
    await makeBucket(call);
    await tryOut(call, key);
  }
}

async function tryOut({ client, library, Bucket }: BucketCall, Key: string): Promise<void> {
  const content = randomUUID();
  await client.send(
    new library.PutObjectCommand({ Bucket, Key, Body: content, ContentLength: content.length }),
  );
  try {
    const { Body } = await client.send(new library.GetObjectCommand({ Bucket, Key }));
    if ((await Body?.transformToString()) === content) return;
    throw new EpinioError('STORAGE_WRONG', `The bucket "${Bucket}" does not give back what was written`, {
      fix: 'check what lies between Epinio and the storage, such as a proxy that caches',
      fault: 'system',
    });
  } finally {
    await client.send(new library.DeleteObjectCommand({ Bucket, Key }));
  }
}

async function makeBucket({ client, library, Bucket }: BucketCall): Promise<void> {
  try {
    await client.send(new library.CreateBucketCommand({ Bucket }));
  } catch (error) {
    if (nameOf(error) !== 'BucketAlreadyOwnedByYou') throw error; // another server was faster
  }
}

function nameOf(error: unknown): string | undefined {
  return error instanceof Error ? error.name : undefined;
}
