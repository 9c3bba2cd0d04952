import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { contentType } from './content-types.mjs';

/** Names with a content hash, as build tools write them, can be kept for ever. */
const FINGERPRINTED = /[.-][0-9a-f]{8,}\./;

/** Answers GET and HEAD from a folder. `pushState`: paths that are no file get index.html. */
export async function answer(request, response, { files, pushState }) {
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    return say(response, 405, 'Only GET and HEAD are answered here', { allow: 'GET, HEAD' });
  }
  const [rawPath, query] = split(request.url);
  let path;
  try {
    path = decodeURIComponent(rawPath);
  } catch {
    return say(response, 400, 'The address is not valid');
  }
  const found = await files.find(path);
  if (found?.isFolder) {
    // Never "//host": that would send the client to another place.
    const location = `/${rawPath.replace(/^\/+/, '')}/${query}`;
    return say(response, 301, `See ${location}`, { location });
  }
  if (found !== undefined) return send(request, response, files, found, 200);
  const wantsPage = !/\.\w+$/.test(path);
  const fallback = pushState && wantsPage ? await files.find('/') : undefined;
  if (fallback !== undefined) return send(request, response, files, fallback, 200);
  const notFound = await files.find('/404.html');
  if (notFound !== undefined) return send(request, response, files, notFound, 404);
  return say(response, 404, 'Not found');
}

async function send(request, response, files, file, status) {
  const compressed = await files.compressed(file, request.headers['accept-encoding'] ?? '');
  const body = compressed ?? file;
  const tag = await files.tag(body);
  const headers = {
    'accept-ranges': 'bytes',
    'cache-control': FINGERPRINTED.test(file.name) ? 'public, max-age=31536000, immutable' : 'no-cache',
    'content-type': contentType(file.name),
    etag: tag,
    vary: 'accept-encoding',
    'x-content-type-options': 'nosniff',
    ...(compressed !== undefined && { 'content-encoding': compressed.encoding }),
  };
  if (status === 200 && matches(request.headers['if-none-match'], tag)) {
    response.writeHead(304, headers).end();
    return;
  }
  const range = status === 200 ? wantedRange(request, tag, body.size) : undefined;
  if (range === 'unsatisfiable') {
    return say(response, 416, 'The file is shorter', { 'content-range': `bytes */${body.size}` });
  }
  const { start, end } = range ?? { start: 0, end: body.size - 1 };
  headers['content-length'] = end - start + 1;
  if (range !== undefined) headers['content-range'] = `bytes ${start}-${end}/${body.size}`;
  response.writeHead(range === undefined ? status : 206, headers);
  if (request.method === 'HEAD' || body.size === 0) response.end();
  else await pipeline(createReadStream(body.path, { start, end }), response);
}

function say(response, status, text, headers = {}) {
  const body = `${text}\n`;
  response
    .writeHead(status, {
      'content-type': 'text/plain; charset=utf-8',
      'content-length': Buffer.byteLength(body),
      ...headers,
    })
    .end(response.req.method === 'HEAD' ? undefined : body);
}

function split(url) {
  const end = url.search(/[?#]/);
  return end === -1 ? [url, ''] : [url.slice(0, end), url.slice(end)];
}

function matches(header, tag) {
  if (header === undefined) return false;
  if (header.trim() === '*') return true;
  return header.split(',').some((value) => value.trim().replace(/^W\//, '') === tag);
}

/** One range of bytes; several at once are answered with the whole file, as RFC 9110 allows. */
function wantedRange(request, tag, size) {
  const { range, 'if-range': ifRange } = request.headers;
  const match = /^bytes=(\d*)-(\d*)$/.exec(range ?? '');
  if (match === null || (ifRange !== undefined && ifRange !== tag)) return undefined;
  const [, first, last] = match;
  if (first === '' && last === '') return undefined;
  if (first === '') {
    const count = Math.min(Number(last), size);
    return count === 0 ? 'unsatisfiable' : { start: size - count, end: size - 1 };
  }
  const start = Number(first);
  if (last !== '' && Number(last) < start) return undefined;
  if (start >= size) return 'unsatisfiable';
  return { start, end: last === '' ? size - 1 : Math.min(Number(last), size - 1) };
}
