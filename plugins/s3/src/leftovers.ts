import type { BucketCall } from './bucket.ts';

/** What is older was left by a process that is gone: no upload takes so long. */
const OLD_MS = 24 * 3_600_000;

/** Removes objects and unfinished uploads below `incoming` that are a day old. @returns how many */
export async function removeLeftovers(
  { client, library, Bucket }: BucketCall,
  incoming: string,
): Promise<number> {
  const isOld = (date: Date | undefined): boolean =>
    date !== undefined && Date.now() - date.getTime() > OLD_MS;
  let removed = 0;
  const objects = library.paginateListObjectsV2({ client }, { Bucket, Prefix: incoming });
  for await (const { Contents = [] } of objects) {
    for (const { Key, LastModified } of Contents.filter((object) => isOld(object.LastModified))) {
      if (Key === undefined || LastModified === undefined) continue;
      await client.send(new library.DeleteObjectCommand({ Bucket, Key }));
      removed += 1;
    }
  }
  const { Uploads = [] } = await client.send(
    new library.ListMultipartUploadsCommand({ Bucket, Prefix: incoming }),
  );
  for (const { Key, UploadId } of Uploads.filter((upload) => isOld(upload.Initiated))) {
    await client.send(new library.AbortMultipartUploadCommand({ Bucket, Key, UploadId }));
    removed += 1;
  }
  return removed;
}
