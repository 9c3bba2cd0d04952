import { isRepositoryName, parseDigest } from '@epinio/core/oci';
import type { Upload } from '../uploads.ts';
import { assertDigest, body, isClientGone, sendEmpty, type Exchange } from './exchange.ts';
import { OciError } from './oci-error.ts';

/** POST: mounts a blob, takes one in a single request, or begins an upload ("Pushing blobs"). */
export async function startUpload(exchange: Exchange): Promise<void> {
  const { query, name, uploads, clock } = exchange;
  const mount = query.get('mount');
  if (mount !== null && (await mountBlob(exchange, mount))) {
    sendCreated(exchange, mount);
    return;
  }

  const digest = query.get('digest');
  if (digest !== null) assertDigest(digest);
  const algorithm =
    query.get('digest-algorithm') ?? parseDigest(digest ?? mount ?? '')?.algorithm ?? 'sha256';
  if (algorithm !== 'sha256' && algorithm !== 'sha512') {
    throw new OciError(400, 'DIGEST_INVALID', `digests of ${JSON.stringify(algorithm)} are not supported`);
  }
  const upload = await uploads.start(name, algorithm, clock.now());
  if (digest !== null) return receive(exchange, upload, () => finish(exchange, upload, digest));
  sendProgress(exchange, upload, 202);
}

/** PATCH: a chunk ("Pushing a blob in chunks"). */
export async function continueUpload(exchange: Exchange): Promise<void> {
  const upload = findUpload(exchange);
  assertInOrder(exchange, upload);
  await receive(exchange, upload, async () => sendProgress(exchange, upload, 202));
}

/** PUT: the end of an upload, with all, the rest or nothing of the blob. */
export async function finishUpload(exchange: Exchange): Promise<void> {
  const upload = findUpload(exchange);
  const digest = exchange.query.get('digest') ?? '';
  assertDigest(digest);
  assertInOrder(exchange, upload);
  await receive(exchange, upload, () => finish(exchange, upload, digest));
}

/** GET: how far an upload is. */
export async function describeUpload(exchange: Exchange): Promise<void> {
  sendProgress(exchange, findUpload(exchange), 204);
}

/** DELETE: "Cancel a blob upload". */
export async function cancelUpload(exchange: Exchange): Promise<void> {
  await exchange.uploads.end(findUpload(exchange));
  sendEmpty(exchange, 204);
}

/** Adds the request's body. What a client sent before it broke off is kept, for it to go on; after any other failure nothing is. */
async function receive(
  { request, uploads, clock }: Exchange,
  upload: Upload,
  then: () => Promise<void>,
): Promise<void> {
  if (upload.busy)
    throw new OciError(400, 'BLOB_UPLOAD_INVALID', 'another request is writing to this upload');
  upload.busy = true;
  try {
    await uploads.append(upload, body(request), () => clock.now());
    await then();
  } catch (error) {
    if (!isClientGone(error)) await uploads.end(upload);
    throw error;
  } finally {
    upload.busy = false;
  }
}

async function finish(exchange: Exchange, upload: Upload, digest: string): Promise<void> {
  const { uploads, store, name, clock } = exchange;
  const found = await uploads.digest(upload, digest);
  if (found !== digest) throw new OciError(400, 'DIGEST_INVALID', `the content is ${found}, not ${digest}`);
  await store.repository(name).adoptBlob(upload.file, digest, clock.now());
  await uploads.end(upload);
  sendCreated(exchange, digest);
}

async function mountBlob({ query, store, name, clock }: Exchange, digest: string): Promise<boolean> {
  assertDigest(digest);
  const from = query.get('from');
  if (from !== null) {
    if (!isRepositoryName(from))
      throw new OciError(400, 'NAME_INVALID', `${JSON.stringify(from)} is no repository`);
    const source = await store.find(from);
    if ((await source?.touchBlob(digest, clock.now())) === undefined) return false;
  }
  return store.repository(name).mountBlob(digest, clock.now());
}

function findUpload({ uploads, name, reference }: Exchange): Upload {
  const upload = uploads.find(name, reference);
  if (upload === undefined)
    throw new OciError(404, 'BLOB_UPLOAD_UNKNOWN', 'there is no such upload (any more): begin it anew');
  return upload;
}

/** A chunk that says where it belongs has to belong here; and to be as long as it says. */
function assertInOrder({ request }: Exchange, upload: Upload): void {
  const header = request.headers['content-range'];
  if (header === undefined) return;
  const [, start, end] = /^(?:bytes[ =])?(\d+)-(\d+)(?:\/(?:\d+|\*))?$/.exec(header) ?? [];
  const length = request.headers['content-length'];
  const isWrong = start === undefined || Number(start) !== upload.offset;
  const isMissized = length !== undefined && Number(end) - Number(start) + 1 !== Number(length);
  if (!isWrong && !isMissized) return;
  throw new OciError(
    416,
    'BLOB_UPLOAD_INVALID',
    `the upload goes on at byte ${upload.offset}, but the chunk is ${header}`,
    {
      ...progress(upload),
    },
  );
}

function progress(upload: Upload): Record<string, string> {
  return {
    location: `/v2/${upload.repository}/blobs/uploads/${upload.id}`,
    range: `0-${Math.max(upload.offset - 1, 0)}`,
    'docker-upload-uuid': upload.id,
  };
}

function sendProgress({ response }: Exchange, upload: Upload, status: number): void {
  response.writeHead(
    status,
    status === 204 ? progress(upload) : { ...progress(upload), 'content-length': 0 },
  );
  response.end();
}

function sendCreated(exchange: Exchange, digest: string): void {
  sendEmpty(exchange, 201, {
    location: `/v2/${exchange.name}/blobs/${digest}`,
    'docker-content-digest': digest,
  });
}
