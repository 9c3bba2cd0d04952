import type { BlobInfo } from '@epinio/core';

/** Among an object's metadata, the checksum of its content. */
const SHA256 = 'epinio-sha256';

/** The metadata of an object: the blob's own, and what is known of its content. */
export function metadataOf(
  { sha256 }: Pick<BlobInfo, 'sha256'>,
  own: Readonly<Record<string, string>> = {},
): Record<string, string> {
  const lower = Object.entries(own).map(([key, value]) => [key.toLowerCase(), value] as const);
  return { ...Object.fromEntries(lower), [SHA256]: sha256 };
}

interface ObjectFacts {
  readonly ContentLength?: number | undefined;
  readonly ContentType?: string | undefined;
  readonly Metadata?: Readonly<Record<string, string>> | undefined;
}

/** What an answer says of a blob. */
export function blobInfoOf(
  key: string,
  { ContentLength, ContentType, Metadata = {} }: ObjectFacts,
): BlobInfo {
  const { [SHA256]: sha256 = '', ...metadata } = Metadata;
  return {
    key,
    size: ContentLength ?? 0,
    sha256,
    contentType: ContentType ?? 'application/octet-stream',
    metadata,
  };
}
