import {
  isIndexType,
  isManifestType,
  type OciDescriptor,
  type OciIndex,
  type OciManifest,
} from '@epinio/core/oci';

/** What a registry reads of a manifest. */
export interface ManifestContent {
  readonly mediaType: string;
  /** Config and layers that have to be in the repository. */
  readonly blobs: readonly OciDescriptor[];
  /** Of an index. */
  readonly manifests: readonly OciDescriptor[];
  readonly subject: OciDescriptor | undefined;
  /** As the referrers API shows it. */
  readonly artifactType: string | undefined;
  readonly annotations: Readonly<Record<string, string>> | undefined;
}

/** Layers that may not be distributed by everyone: the registry need not have them (image-spec, layer.md). */
const NON_DISTRIBUTABLE =
  /^application\/vnd\.(?:oci\.image\.layer\.nondistributable|docker\.image\.rootfs\.foreign)\./;

/**
 * Reads a manifest or index of OCI or Docker (schema 2).
 * @returns a sentence that says why it is none.
 */
export function readManifestContent(content: Uint8Array, contentType: string): ManifestContent | string {
  let json: unknown;
  try {
    json = JSON.parse(Buffer.from(content).toString());
  } catch {
    return 'it is no JSON';
  }
  if (typeof json !== 'object' || json === null) return 'it is no JSON object';
  const { mediaType = contentType } = json as { mediaType?: string };
  if (mediaType !== contentType) return `it calls itself ${mediaType}, but was sent as ${contentType}`;
  if (isIndexType(mediaType)) return readIndexContent(json as OciIndex, mediaType);
  if (isManifestType(mediaType)) return readImageContent(json as OciManifest, mediaType);
  return `manifests of type ${contentType} are not supported`;
}

function readImageContent(json: OciManifest, mediaType: string): ManifestContent | string {
  const { config, layers, subject, artifactType, annotations } = json;
  if (!isDescriptor(config)) return 'it has no config';
  if (!Array.isArray(layers) || !layers.every(isDescriptor)) return 'its layers are no list of descriptors';
  const distributable = layers.filter((layer: OciDescriptor) => !NON_DISTRIBUTABLE.test(layer.mediaType));
  return {
    mediaType,
    blobs: [config, ...distributable],
    manifests: [],
    subject,
    artifactType: artifactType === undefined || artifactType === '' ? config.mediaType : artifactType,
    annotations,
  };
}

function readIndexContent(json: OciIndex, mediaType: string): ManifestContent | string {
  const { manifests, subject, artifactType, annotations } = json;
  if (!Array.isArray(manifests) || !manifests.every(isDescriptor))
    return 'its manifests are no list of descriptors';
  return {
    mediaType,
    blobs: [],
    manifests,
    subject,
    artifactType: artifactType === '' ? undefined : artifactType,
    annotations,
  };
}

function isDescriptor(value: unknown): value is OciDescriptor {
  if (typeof value !== 'object' || value === null) return false;
  const { mediaType, digest, size } = value as Partial<OciDescriptor>;
  return typeof mediaType === 'string' && typeof digest === 'string' && typeof size === 'number';
}
