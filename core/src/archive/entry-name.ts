import { invalid, unsafe } from './archive-error.ts';

const MAX_COMPONENT = 255; // NAME_MAX of every usual file system, in bytes
const MAX_NAME = 3000; // PATH_MAX is 4096 with the folder's own path

/**
 * The components of an entry's name; empty for the root itself. Fails with `ARCHIVE_UNSAFE` for an absolute
 * name or one with `..`, with `ARCHIVE_INVALID` for one that no file can have.
 */
export function nameComponents(name: string): string[] {
  if (name.startsWith('/')) throw unsafe(name, 'has an absolute name');
  const components = name.split('/').filter((component) => component !== '' && component !== '.');
  if (name === '') throw invalid('has an entry without a name');
  if (components.includes('..')) throw unsafe(name, 'has a name that leads out of the folder');
  if (name.includes('\0')) throw invalid('has a name with a NUL character', name);
  if (name.includes('\uFFFD')) throw invalid('has a name that is not UTF-8', name);
  if (Buffer.byteLength(name) > MAX_NAME || components.some(isTooLong))
    throw invalid('has a name that is too long', name);
  return components;
}

function isTooLong(component: string): boolean {
  return component.length * 3 > MAX_COMPONENT && Buffer.byteLength(component) > MAX_COMPONENT;
}
