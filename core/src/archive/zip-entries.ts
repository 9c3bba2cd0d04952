import { randomUUID } from 'node:crypto';
import { open, unlink, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { crc32 } from 'node:zlib';
import type { Entry, ZipFile } from 'yauzl';
import { messageOf } from '../kernel/errors.ts';
import { diskError, invalid, quote, unsupported } from './archive-error.ts';
import type { ArchiveEntry } from './entry.ts';

const FILE_TYPE = 0o170000;
const DIRECTORY = 0o040000;
const SYMLINK = 0o120000;
const REGULAR = 0o100000;
const MAX_LINK = 4096;
const UNIX = 3;
const MACOS = 19;

/**
 * Entries of a zip. Its index is at the end, so the whole is first written to a file of `directory`, which
 * has no name by the time it is read: nothing stays, whatever happens.
 */
export async function* zipEntries(
  bytes: AsyncIterable<Buffer>,
  directory: string,
): AsyncGenerator<ArchiveEntry, void, undefined> {
  const yauzl = await import('yauzl');
  const file = await unnamedFile(directory);
  let zip: ZipFile | undefined;
  try {
    for await (const chunk of bytes) {
      await file.writeFile(chunk).catch((error: unknown) => {
        throw diskError(error, directory);
      });
    }
    zip = await readZip(() =>
      yauzl.fromFdPromise(file.fd, { autoClose: false, lazyEntries: true, decodeStrings: false }),
    );
    const entries = zip.eachEntry();
    for (;;) {
      const next = await readZip(() => entries.next());
      if (next.done === true) return;
      const raw = next.value;
      const name = yauzl.getFileNameLowLevel(
        raw.generalPurposeBitFlag,
        raw.fileNameRaw,
        raw.extraFields,
        false,
      );
      yield await zipEntry(zip, raw, name);
    }
  } finally {
    await file.close();
  }
}

async function unnamedFile(directory: string): Promise<FileHandle> {
  const path = join(directory, `.${randomUUID()}.zip`);
  const file = await open(path, 'wx+', 0o600);
  await unlink(path);
  return file;
}

async function readZip<T>(read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    throw invalid(`is damaged or cut short: ${messageOf(error)}`, undefined, error);
  }
}

async function zipEntry(zip: ZipFile, raw: Entry, name: string): Promise<ArchiveEntry> {
  const mode = unixMode(raw);
  const type = entryType(name, mode);
  if (type !== 'directory' && !raw.canDecodeFileData()) {
    const why = raw.isEncrypted() ? 'is encrypted' : `has compression method ${raw.compressionMethod}`;
    throw unsupported(`entry ${quote(name)} ${why}`, 'Make the zip anew with deflate and without a password');
  }
  const content = decoded(zip, raw, name);
  return {
    name,
    type,
    mode: mode & 0o7777,
    uid: 0,
    gid: 0,
    mtime: raw.getLastModDate(),
    size: raw.uncompressedSize,
    linkName: type === 'symlink' ? await readLink(content, name) : '',
    content,
  };
}

function unixMode(raw: Entry): number {
  const system = raw.versionMadeBy >>> 8;
  return system === UNIX || system === MACOS ? raw.externalFileAttributes >>> 16 : 0;
}

function entryType(name: string, mode: number): ArchiveEntry['type'] {
  if (name.endsWith('/')) return 'directory';
  switch (mode & FILE_TYPE) {
    case SYMLINK:
      return 'symlink';
    case DIRECTORY:
      return 'directory';
    case 0:
    case REGULAR:
      return 'file';
    default:
      return 'device';
  }
}

async function* decoded(zip: ZipFile, raw: Entry, name: string): AsyncGenerator<Buffer, void, undefined> {
  let stream: Readable | undefined;
  try {
    stream = await zip.openReadStreamPromise(raw);
    let sum = 0;
    for await (const chunk of stream) {
      sum = crc32(chunk as Buffer, sum);
      yield chunk as Buffer;
    }
    if (sum !== raw.crc32) throw new Error('its checksum (CRC-32) is wrong');
  } catch (error) {
    throw invalid(`is damaged: ${messageOf(error)}`, name, error);
  } finally {
    stream?.destroy();
  }
}

async function readLink(content: AsyncIterable<Buffer>, name: string): Promise<string> {
  let target = '';
  for await (const chunk of content) {
    target += chunk.toString();
    if (target.length > MAX_LINK) throw invalid('is a link with a target that is too long', name);
  }
  return target;
}
