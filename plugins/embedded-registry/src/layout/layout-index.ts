import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { EpinioError } from '@epinio/core';
import { mediaTypes, type OciDescriptor, type OciIndex } from '@epinio/core/oci';
import { ifThere, writeAtomically } from '../disk.ts';

/** OCI image-spec, annotations.md: the tag of a descriptor in `index.json`. */
const REF_NAME = 'org.opencontainers.image.ref.name';
const LAYOUT = `${JSON.stringify({ imageLayoutVersion: '1.0.0' })}\n`;

/** The tag that an entry of an index gives to its manifest; undefined for one without. */
export function tagOf(descriptor: OciDescriptor): string | undefined {
  return descriptor.annotations?.[REF_NAME];
}

/** An entry of an index. */
export function entry({ mediaType, digest, size }: OciDescriptor, tag?: string): OciDescriptor {
  return { mediaType, digest, size, ...(tag === undefined ? {} : { annotations: { [REF_NAME]: tag } }) };
}

/** The entries of a layout's `index.json`; none when there is no such file. Fails with `REGISTRY_LAYOUT_INVALID`. */
export async function readIndex(layout: string): Promise<readonly OciDescriptor[]> {
  const path = join(layout, 'index.json');
  const text = await ifThere(readFile(path, 'utf8'));
  if (text === undefined) return [];
  try {
    const { manifests } = JSON.parse(text) as Partial<OciIndex>;
    if (manifests !== undefined) return manifests;
  } catch {
    // Said below.
  }
  throw new EpinioError('REGISTRY_LAYOUT_INVALID', `The image index "${path}" is damaged`, {
    fix: 'Check the disk, remove the folder of this repository, and push its images again',
    fault: 'system',
  });
}

/** Replaces `index.json`; makes the layout's marker file first. */
export async function writeIndex(
  layout: string,
  manifests: readonly OciDescriptor[],
  beside: string,
): Promise<void> {
  const marker = join(layout, 'oci-layout');
  if ((await ifThere(readFile(marker, 'utf8'))) !== LAYOUT) await writeAtomically(marker, LAYOUT, beside);
  const index: OciIndex = { schemaVersion: 2, mediaType: mediaTypes.index, manifests };
  await writeAtomically(join(layout, 'index.json'), `${JSON.stringify(index)}\n`, beside);
}
