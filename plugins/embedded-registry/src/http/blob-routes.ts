import { pipeline } from 'node:stream/promises';
import { parseRange } from './byte-range.ts';
import { assertDigest, knownRepository, sendEmpty, type Exchange } from './exchange.ts';
import { OciError } from './oci-error.ts';

const CHUNK = 256 * 1024;

/** GET and HEAD of a blob: distribution-spec, "Pulling blobs". */
export async function getBlob(exchange: Exchange): Promise<void> {
  const { request, response, reference: digest, clock } = exchange;
  assertDigest(digest);
  const repository = await knownRepository(exchange);
  if ((await repository.touchBlob(digest, clock.now())) === undefined) throw unknownBlob(exchange);
  const blob = await repository.openBlob(digest);
  if (blob === undefined) throw unknownBlob(exchange);
  const { file, size } = blob;

  const range = parseRange(request.headers.range, size);
  const isRead = request.method === 'GET' && range !== 'unsatisfiable';
  if (!isRead) await file.close();
  if (range === 'unsatisfiable') {
    throw new OciError(416, 'SIZE_INVALID', `the blob has ${size} bytes`, {
      'content-range': `bytes */${size}`,
    });
  }
  const { start, end } = range ?? { start: 0, end: size - 1 };
  response.writeHead(range === undefined ? 200 : 206, {
    'content-type': 'application/octet-stream',
    'content-length': end - start + 1,
    'docker-content-digest': digest,
    'accept-ranges': 'bytes',
    etag: `"${digest}"`,
    ...(range === undefined ? {} : { 'content-range': `bytes ${start}-${end}/${size}` }),
  });
  if (!isRead || size === 0) {
    if (isRead) await file.close();
    response.end();
    return;
  }
  await pipeline(file.createReadStream({ start, end, highWaterMark: CHUNK }), response);
}

/** DELETE of a blob: distribution-spec, "Deleting Blobs". */
export async function deleteBlob(exchange: Exchange): Promise<void> {
  assertDigest(exchange.reference);
  const repository = await knownRepository(exchange);
  if (!(await repository.deleteBlob(exchange.reference))) throw unknownBlob(exchange);
  sendEmpty(exchange, 202);
}

function unknownBlob({ name, reference }: Exchange): OciError {
  return new OciError(404, 'BLOB_UNKNOWN', `blob ${reference} is not in repository "${name}"`);
}
