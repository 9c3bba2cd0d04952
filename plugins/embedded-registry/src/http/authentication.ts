import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { OciError } from './oci-error.ts';

/** Fails with 401 unless the request has this user and password (RFC 7617). */
export function authenticate(request: IncomingMessage, username: string, password: string): void {
  const [scheme = '', given = ''] = (request.headers.authorization ?? '').split(' ');
  const right = `${username}:${password}`;
  const isRight = timingSafeEqual(hash(Buffer.from(given, 'base64').toString()), hash(right)); // hashed: of one length
  if (scheme.toLowerCase() === 'basic' && isRight) return;
  throw new OciError(401, 'UNAUTHORIZED', 'this registry needs its user and password', {
    'www-authenticate': 'Basic realm="epinio", charset="UTF-8"',
  });
}

function hash(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
