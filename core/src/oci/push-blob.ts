import type { Readable } from 'node:stream';
import { hasCode } from '../kernel/errors.ts';
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

/** An upload that the network broke off cannot be gone on from safely: it is begun anew. */
const ATTEMPTS = 3;

/** OCI distribution-spec, "Pushing a blob monolithically": POST then PUT, after a HEAD and, if it may help, a mount. */
export async function pushBlob(
  session: Session,
  image: ImageReference,
  options: PushBlobOptions,
): Promise<PushBlobResult> {
  if (await hasBlob(session, image, options.digest, options.signal)) return 'exists';
  for (let attempt = 1; ; attempt++) {
    const location = await startUpload(session, image, options);
    if (location === 'mounted') return location;
    try {
      await upload(session, image, options, location);
      return 'uploaded';
    } catch (error) {
      if (attempt === ATTEMPTS || !hasCode(error, 'REGISTRY_UNREACHABLE')) throw error;
    }
  }
}

async function startUpload(
  session: Session,
  image: ImageReference,
  { digest, mountFrom, signal }: PushBlobOptions,
): Promise<URL | 'mounted'> {
  const what = `push blob ${digest} to "${image.repository}"`;
  const from = mountFrom === image.repository ? undefined : mountFrom;
  const query = from === undefined ? '' : `?${new URLSearchParams({ mount: digest, from }).toString()}`;
  const { status, headers, url, stream } = await session.request(image, {
    method: 'POST',
    path: `blobs/uploads/${query}`,
    what,
    headers: { 'content-length': '0' },
    expect: from === undefined ? [202] : [201, 202],
    actions: 'pull,push',
    alsoPull: from,
    signal,
  });
  stream.resume();
  if (status === 201) return 'mounted';
  if (headers.location === undefined) throw corrupt(image.registry, what, 'it gave no place to upload to');
  return new URL(headers.location, url);
}

async function upload(
  session: Session,
  image: ImageReference,
  { digest, size, open, signal }: PushBlobOptions,
  location: URL,
): Promise<void> {
  location.searchParams.set('digest', digest);
  const { stream } = await session.request(image, {
    method: 'PUT',
    path: location,
    what: `push blob ${digest} to "${image.repository}"`,
    headers: { 'content-type': 'application/octet-stream' },
    body: { size, open },
    expect: [201],
    actions: 'pull,push',
    attempts: 1,
    signal,
  });
  stream.resume();
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
