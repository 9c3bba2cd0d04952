import { join } from 'node:path';
import { parseDigest } from '@epinio/core/oci';

/**
 * The folders of a registry:
 *
 * - `repositories/<name>`, "/" written as "@": an OCI image layout each, readable by any OCI tool;
 * - `blobs/<algorithm>/<hex>`: every blob once more, as a hard link. The file system thus counts who uses a
 *   blob, and content that several repositories have is there once;
 * - `incoming`: uploads and files being written; a crash leaves them here, the next start removes them.
 */
export class Paths {
  readonly root: string;
  readonly repositories: string;
  readonly blobs: string;
  readonly incoming: string;

  constructor(root: string) {
    this.root = root;
    this.repositories = join(root, 'repositories');
    this.blobs = join(root, 'blobs');
    this.incoming = join(root, 'incoming');
  }

  /** The layout of a repository whose name is valid. */
  repository(name: string): string {
    return join(this.repositories, name.replaceAll('/', '@'));
  }

  sharedBlob(digest: string): string {
    return blobPath(this.root, digest);
  }
}

/** OCI image-spec, image-layout.md: `blobs/<algorithm>/<hex>`. The digest must be one. */
export function blobPath(layout: string, digest: string): string {
  const parsed = parseDigest(digest);
  if (parsed === undefined) throw new TypeError(`"${digest}" is no digest`);
  return join(layout, 'blobs', parsed.algorithm, parsed.hex);
}

/** The name of a repository from that of its folder. */
export function repositoryName(folder: string): string {
  return folder.replaceAll('@', '/');
}
