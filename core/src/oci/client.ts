import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import type { RegistryAuths } from '../contracts/registry.ts';
import { digestOf } from './digest.ts';
import type { HttpTimeouts } from './http.ts';
import type { OciDescriptor, OciImageConfig, OciIndex, OciManifest, OciPlatform } from './image.ts';
import { readImageManifest, readManifest, type ImageManifest, type RawManifest } from './manifests.ts';
import { mediaTypes } from './media-types.ts';
import { defaultPlatform } from './platform.ts';
import { hasBlob, pushBlob, type PushBlobOptions, type PushBlobResult } from './push-blob.ts';
import { readBlob } from './read-blob.ts';
import { formatReference, parseReference, type ImageReference } from './reference.ts';
import { corrupt } from './registry-error.ts';
import { Session } from './session.ts';
import { listTags } from './tags.ts';

const MAX_CONFIG = 8 * 1024 * 1024;
const TIMEOUTS: HttpTimeouts = { connectMs: 10_000, idleMs: 60_000 };

export interface OciClientOptions {
  /** Credentials by registry host, as in the `auths` of a Docker config file. */
  readonly auths?: RegistryAuths | undefined;
  /** PEM of certificates to be trusted besides the public ones. With it, HTTPS is spoken on this machine, too. */
  readonly ca?: string | readonly string[] | undefined;
  readonly timeouts?: Partial<HttpTimeouts> | undefined;
}

/** The name of an image, as text or taken apart. */
export type Image = string | ImageReference;

/**
 * A client of registries: OCI distribution-spec 1.1. Plain HTTP is spoken to this machine only, HTTPS to all
 * others. Failures are `REGISTRY_UNAUTHORIZED`, `REGISTRY_NOT_FOUND`, `REGISTRY_UNREACHABLE` (after some
 * attempts), `REGISTRY_FULL`, `REGISTRY_REFUSED` and `REGISTRY_CORRUPT` (content that its digest does not fit). All writes may
 * be repeated. Proxies of the environment are not used.
 */
export interface OciClient {
  /** The image's manifest; an index is followed to `platform` (default: linux on this processor), else `REGISTRY_PLATFORM_MISSING`. */
  manifest(
    image: Image,
    options?: { readonly platform?: OciPlatform; readonly signal?: AbortSignal },
  ): Promise<ImageManifest>;
  /** What the reference names, index or manifest, unread. */
  rawManifest(image: Image, signal?: AbortSignal): Promise<RawManifest>;
  /** The image's config, at most 8 MiB. */
  config(image: Image, descriptor: OciDescriptor, signal?: AbortSignal): Promise<OciImageConfig>;
  /**
   * A blob's bytes; the digest (and the size, of a descriptor) is checked at the end, where the stream fails
   * when it does not fit: take nothing for good before that. The reader consumes or destroys the stream.
   */
  blob(image: Image, blob: string | Pick<OciDescriptor, 'digest' | 'size'>, signal?: AbortSignal): Readable;
  hasBlob(image: Image, digest: string, signal?: AbortSignal): Promise<boolean>;
  /** Sends nothing when the repository has it, or can take it over from `mountFrom`. */
  pushBlob(image: Image, options: PushBlobOptions): Promise<PushBlobResult>;
  /** Under the reference's tag, or else its digest; the blobs must be there. An object is written as JSON. */
  pushManifest(
    image: Image,
    manifest: OciManifest | OciIndex | Uint8Array,
    options?: { readonly mediaType?: string; readonly signal?: AbortSignal },
  ): Promise<OciDescriptor>;
  /** By digest: the manifest and all its tags. By tag: the tag alone, where the registry can. Succeeds when it is gone. */
  deleteManifest(image: Image, signal?: AbortSignal): Promise<void>;
  /** Of the repository, in the registry's order; none when there is no such repository. */
  tags(image: Image, signal?: AbortSignal): AsyncIterable<string>;
  /** Closes the connections that are kept open; what is still under way fails. */
  close(): void;
}

/** Makes a client; nothing is contacted before its first call. */
export function createOciClient(options: OciClientOptions = {}): OciClient {
  const { auths = {}, ca, timeouts } = options;
  const session = new Session({
    auths,
    ca: ca === undefined ? [] : typeof ca === 'string' ? [ca] : ca,
    timeouts: { ...TIMEOUTS, ...timeouts },
  });
  return {
    manifest: (image, { platform, signal } = {}) =>
      readImageManifest(session, reference(image), platform ?? defaultPlatform(), signal),
    rawManifest: (image, signal) => readManifest(session, reference(image), signal),
    config: (image, descriptor, signal) => readConfig(session, reference(image), descriptor, signal),
    blob: (image, blob, signal) => {
      const { digest, size } = typeof blob === 'string' ? { digest: blob, size: undefined } : blob;
      return Readable.from(readBlob(session, reference(image), { digest, size, signal }), {
        objectMode: false,
      });
    },
    hasBlob: (image, digest, signal) => hasBlob(session, reference(image), digest, signal),
    pushBlob: (image, blob) => pushBlob(session, reference(image), blob),
    pushManifest: (image, manifest, { mediaType, signal } = {}) =>
      pushManifest(session, reference(image), manifest, mediaType, signal),
    deleteManifest: (image, signal) => deleteManifest(session, reference(image), signal),
    tags: (image, signal) => listTags(session, reference(image), signal),
    close: () => session.close(),
  };
}

function reference(image: Image): ImageReference {
  return typeof image === 'string' ? parseReference(image) : image;
}

async function readConfig(
  session: Session,
  image: ImageReference,
  descriptor: OciDescriptor,
  signal?: AbortSignal,
): Promise<OciImageConfig> {
  const what = `read the config of "${formatReference(image)}"`;
  if (descriptor.size > MAX_CONFIG)
    throw corrupt(image.registry, what, `it has more than ${MAX_CONFIG} bytes`);
  const { digest, size } = descriptor;
  const content = await buffer(readBlob(session, image, { digest, size, signal }));
  try {
    return JSON.parse(content.toString()) as OciImageConfig;
  } catch {
    throw corrupt(image.registry, what, 'it is no JSON');
  }
}

async function pushManifest(
  session: Session,
  image: ImageReference,
  manifest: OciManifest | OciIndex | Uint8Array,
  mediaType: string | undefined,
  signal: AbortSignal | undefined,
): Promise<OciDescriptor> {
  const isBytes = manifest instanceof Uint8Array;
  const content = isBytes ? manifest : Buffer.from(JSON.stringify(manifest));
  const type = mediaType ?? (isBytes ? undefined : manifest.mediaType) ?? mediaTypes.manifest;
  const digest = digestOf(content);
  const { stream } = await session.request(image, {
    method: 'PUT',
    path: `manifests/${image.tag ?? digest}`,
    what: `push "${formatReference(image)}"`,
    headers: { 'content-type': type },
    body: content,
    expect: [201],
    actions: 'pull,push',
    // Distribution 2.8 says so while another push of the same layer writes the file that names the layer's digest
    mayPass: (body) => body.includes('DIGEST_INVALID'),
    signal,
  });
  stream.resume();
  return { mediaType: type, digest, size: content.length };
}

async function deleteManifest(session: Session, image: ImageReference, signal?: AbortSignal): Promise<void> {
  const { stream } = await session.request(image, {
    method: 'DELETE',
    path: `manifests/${image.digest ?? image.tag ?? 'latest'}`,
    what: `delete "${formatReference(image)}"`,
    expect: [202, 200, 204, 404],
    actions: 'delete',
    signal,
  });
  stream.resume();
}
