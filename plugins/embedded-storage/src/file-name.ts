import { createHash } from 'node:crypto';

/** The name of a key's file: the same on file systems that ignore case, and never too long. */
export function fileNameOf(key: string): string {
  return createHash('sha256').update(key).digest('hex');
}
