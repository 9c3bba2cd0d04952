import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { digestOf, isTag, parseDigest, type OciDescriptor } from '@epinio/core/oci';
import { ifThere } from '../disk.ts';
import { tagOf } from '../layout/layout-index.ts';
import { readManifestContent, type ManifestContent } from '../layout/manifest-content.ts';
import { blobPath } from '../layout/paths.ts';
import type { Repository } from '../layout/repository.ts';
import { assertDigest, body, knownRepository, sendEmpty, type Exchange } from './exchange.ts';
import { OciError } from './oci-error.ts';

/** The distribution-spec asks for at least 4 MB. */
const MAX_MANIFEST = 8 * 1024 * 1024;

/** GET and HEAD: "Pulling manifests". */
export async function getManifest(exchange: Exchange): Promise<void> {
  const { request, response, reference, clock } = exchange;
  assertReference(reference);
  const repository = await knownRepository(exchange);
  const descriptor = await repository.manifest(reference);
  const content = descriptor && (await repository.readManifest(descriptor.digest));
  if (descriptor === undefined || content === undefined) throw unknownManifest(exchange);
  if (tagOf(descriptor) === undefined) await repository.touchBlob(descriptor.digest, clock.now()); // it is in use
  response.writeHead(200, {
    'content-type': descriptor.mediaType,
    'content-length': content.length,
    'docker-content-digest': descriptor.digest,
    etag: `"${descriptor.digest}"`,
  });
  response.end(request.method === 'HEAD' ? undefined : content);
}

/** PUT: "Pushing Manifests"; the bytes are kept as they came. */
export async function putManifest(exchange: Exchange): Promise<void> {
  const { request, reference, query, store, name } = exchange;
  assertReference(reference);
  const content = await readBody(exchange);
  const contentType = request.headers['content-type']?.split(';')[0]?.trim() ?? '';
  const manifest = readManifestContent(content, contentType);
  if (typeof manifest === 'string')
    throw new OciError(400, 'MANIFEST_INVALID', `the manifest is not valid: ${manifest}`);
  const digest = digestFor(reference, content);
  const tags = isTag(reference) ? [reference] : query.getAll('tag');
  const wrong = tags.find((tag) => !isTag(tag));
  if (wrong !== undefined) throw new OciError(400, 'MANIFEST_INVALID', `${JSON.stringify(wrong)} is no tag`);

  const repository = store.repository(name);
  const descriptor: OciDescriptor = { mediaType: manifest.mediaType, digest, size: content.length };
  await repository.exclusive(async () => {
    await assertComplete(repository, manifest);
    await repository.putManifest(descriptor, content, tags);
  });
  sendEmpty(exchange, 201, {
    location: `/v2/${name}/manifests/${digest}`,
    'docker-content-digest': digest,
    ...(manifest.subject === undefined ? {} : { 'oci-subject': manifest.subject.digest }),
    ...(query.has('tag') ? { 'oci-tag': tags.join(', ') } : {}),
  });
}

/** DELETE of a tag, or of a manifest with its tags. */
export async function deleteManifest(exchange: Exchange): Promise<void> {
  const { reference } = exchange;
  assertReference(reference);
  const repository = await knownRepository(exchange);
  const isGone = isTag(reference)
    ? await repository.deleteTag(reference)
    : await repository.deleteManifest(reference);
  if (!isGone) throw unknownManifest(exchange);
  sendEmpty(exchange, 202);
}

async function readBody({ request }: Exchange): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body(request)) {
    size += chunk.length;
    if (size > MAX_MANIFEST)
      throw new OciError(413, 'SIZE_INVALID', `the manifest has more than ${MAX_MANIFEST} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function digestFor(reference: string, content: Uint8Array): string {
  const parsed = parseDigest(reference);
  if (parsed === undefined) return digestOf(content);
  const found = `${parsed.algorithm}:${createHash(parsed.algorithm).update(content).digest('hex')}`;
  if (found !== reference)
    throw new OciError(400, 'DIGEST_INVALID', `the manifest is ${found}, not ${reference}`);
  return found;
}

/** Everything that the manifest needs is in the repository; a subject may come later. */
async function assertComplete(repository: Repository, { blobs, manifests }: ManifestContent): Promise<void> {
  for (const { digest } of blobs) {
    assertDigest(digest);
    if ((await ifThere(stat(blobPath(repository.folder, digest)))) === undefined) {
      throw new OciError(
        400,
        'MANIFEST_BLOB_UNKNOWN',
        `blob ${digest} is not in repository "${repository.name}"`,
      );
    }
  }
  for (const { digest } of manifests) {
    assertDigest(digest);
    if ((await repository.manifest(digest)) === undefined) {
      throw new OciError(
        400,
        'MANIFEST_BLOB_UNKNOWN',
        `manifest ${digest} is not in repository "${repository.name}"`,
      );
    }
  }
}

function assertReference(reference: string): void {
  if (!isTag(reference) && parseDigest(reference) === undefined) {
    throw new OciError(400, 'DIGEST_INVALID', `${JSON.stringify(reference)} is neither tag nor digest`);
  }
}

function unknownManifest({ name, reference }: Exchange): OciError {
  return new OciError(404, 'MANIFEST_UNKNOWN', `manifest "${reference}" is not in repository "${name}"`);
}
