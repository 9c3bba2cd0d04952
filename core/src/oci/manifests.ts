import { digestOf, parseDigest } from './digest.ts';
import type { OciIndex, OciManifest, OciPlatform } from './image.ts';
import { isIndexType, isManifestType, mediaTypes } from './media-types.ts';
import { selectPlatform } from './platform.ts';
import { formatReference, type ImageReference } from './reference.ts';
import { corrupt } from './registry-error.ts';
import type { Session } from './session.ts';

/** The distribution-spec asks for at least 4 MB to be supported. */
const MAX_MANIFEST = 8 * 1024 * 1024;
const ACCEPT = [
  mediaTypes.manifest,
  mediaTypes.index,
  mediaTypes.dockerManifest,
  mediaTypes.dockerIndex,
].join(', ');

/** A manifest as the registry has it, byte by byte. */
export interface RawManifest {
  readonly mediaType: string;
  /** Of `content`. */
  readonly digest: string;
  readonly content: Buffer;
}

/** The manifest of one image. */
export interface ImageManifest {
  readonly mediaType: string;
  readonly digest: string;
  readonly manifest: OciManifest;
}

/** The reference's manifest or index, whichever it names. */
export async function readManifest(
  session: Session,
  image: ImageReference,
  signal?: AbortSignal,
): Promise<RawManifest> {
  const what = `read "${formatReference(image)}"`;
  const { stream, headers } = await session.request(image, {
    method: 'GET',
    path: `manifests/${image.digest ?? image.tag ?? 'latest'}`,
    what,
    headers: { accept: ACCEPT },
    expect: [200],
    actions: 'pull',
    signal,
  });
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of session.http.read(stream)) {
    size += chunk.length;
    if (size > MAX_MANIFEST)
      throw corrupt(image.registry, what, `its manifest has more than ${MAX_MANIFEST} bytes`);
    chunks.push(chunk);
  }
  const content = Buffer.concat(chunks);
  const said = headers['docker-content-digest'];
  const expected = image.digest ?? (typeof said === 'string' ? said : undefined);
  const digest = digestOf(content);
  if (expected !== undefined && parseDigest(expected)?.algorithm === 'sha256' && expected !== digest) {
    throw corrupt(image.registry, what, `its manifest is ${digest}, not ${expected}`);
  }
  const type = headers['content-type']?.split(';')[0]?.trim();
  return { mediaType: type ?? mediaTypes.manifest, digest, content };
}

/** The reference's image for one platform: an index is followed to it. */
export async function readImageManifest(
  session: Session,
  image: ImageReference,
  platform: OciPlatform,
  signal?: AbortSignal,
): Promise<ImageManifest> {
  const subject = formatReference(image);
  let raw = await readManifest(session, image, signal);
  for (let depth = 0; isIndexType(raw.mediaType) && depth < 3; depth++) {
    const { digest } = selectPlatform(parse(raw, image, subject) as OciIndex, platform, subject);
    raw = await readManifest(
      session,
      { registry: image.registry, repository: image.repository, digest },
      signal,
    );
  }
  const manifest = parse(raw, image, subject) as OciManifest;
  if (
    !isManifestType(raw.mediaType) ||
    !Array.isArray(manifest.layers) ||
    typeof manifest.config !== 'object'
  ) {
    throw corrupt(image.registry, `read "${subject}"`, `it is no image that can be run (${raw.mediaType})`);
  }
  return { mediaType: raw.mediaType, digest: raw.digest, manifest };
}

function parse(raw: RawManifest, image: ImageReference, subject: string): unknown {
  try {
    const value: unknown = JSON.parse(raw.content.toString());
    if (typeof value === 'object' && value !== null) return value;
  } catch {
    // Said below.
  }
  throw corrupt(image.registry, `read "${subject}"`, 'its manifest is no JSON object');
}
