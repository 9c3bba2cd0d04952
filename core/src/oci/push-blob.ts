import type { Readable } from 'node:stream';
import type { ImageReference } from './reference.ts';
import { corrupt } from './registry-error.ts';
import type { Session } from './session.ts';

export interface PushBlobOptions {
  readonly digest: string;
  /** Bytes. */
  readonly size: number;
  /** Opens the content from its start; called once for each attempt. */
  readonly open: () => Readable;
  /** A repository of the same registry that may have the blob already: nothing is sent then. */
  readonly mountFrom?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** What it took to have the blob in the repository. */
export type PushBlobResult = 'exists' | 'mounted' | 'uploaded';

/** OCI distribution-spec, "Pushing a blob monolithically": POST then PUT, after a HEAD and, if it may help, a mount. */
export async function pushBlob(
  session: Session,
  image: ImageReference,
  options: PushBlobOptions,
): Promise<PushBlobResult> {
  const { digest, size, open, mountFrom, signal } = options;
  const what = `push blob ${digest} to "${image.repository}"`;
  if (await hasBlob(session, image, digest, signal)) return 'exists';

  const from = mountFrom === image.repository ? undefined : mountFrom;
  const query = from === undefined ? '' : `?${new URLSearchParams({ mount: digest, from }).toString()}`;
  const start = await session.request(image, {
    method: 'POST',
    path: `blobs/uploads/${query}`,
    what,
    headers: { 'content-length': '0' },
    expect: from === undefined ? [202] : [201, 202],
    actions: 'pull,push',
    alsoPull: from,
    signal,
  });
  start.stream.resume();
  if (start.status === 201) return 'mounted';

  const { location } = start.headers;
  if (location === undefined) throw corrupt(image.registry, what, 'it gave no place to upload to');
  const path = new URL(location, start.url);
  path.searchParams.set('digest', digest);
  const end = await session.request(image, {
    method: 'PUT',
    path,
    what,
    headers: { 'content-type': 'application/octet-stream' },
    body: { size, open },
    expect: [201],
    actions: 'pull,push',
    signal,
  });
  end.stream.resume();
  return 'uploaded';
}

/** OCI distribution-spec, "Checking if content exists in the registry". */
export async function hasBlob(
  session: Session,
  image: ImageReference,
  digest: string,
  signal?: AbortSignal,
): Promise<boolean> {
  const { status, stream } = await session.request(image, {
    method: 'HEAD',
    path: `blobs/${digest}`,
    what: `look for blob ${digest} in "${image.repository}"`,
    expect: [200, 404],
    actions: 'pull,push',
    signal,
  });
  stream.resume();
  return status === 200;
}
