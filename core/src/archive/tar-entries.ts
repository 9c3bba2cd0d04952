import { pipeline, type Writable } from 'node:stream';
import * as tar from 'tar-stream';
import { isEpinioError } from '../kernel/errors.ts';
import { invalid, quote, unsupported } from './archive-error.ts';
import type { ArchiveEntry } from './entry.ts';

const TYPES: Readonly<Record<string, ArchiveEntry['type']>> = {
  file: 'file',
  'contiguous-file': 'file',
  directory: 'directory',
  symlink: 'symlink',
  link: 'link',
  'character-device': 'device',
  'block-device': 'device',
  fifo: 'fifo',
};

/** Headers without "ustar" are read, too, when their checksum is right. The option is missing in its types. */
const V7_TOO = { allowUnknownFormat: true } as object;

/** Entries of a tar in their order: ustar, pax, GNU and v7 headers. An entry's content that is not read is skipped. */
export async function* tarEntries(
  bytes: AsyncIterable<Buffer>,
): AsyncGenerator<ArchiveEntry, void, undefined> {
  let failure: Error | undefined;
  async function* watched(): AsyncGenerator<Buffer, void, undefined> {
    try {
      yield* bytes;
    } catch (error) {
      failure = error as Error;
      throw error;
    }
  }
  /** Errors of the bytes as they are; those of tar-stream say too little. */
  const explained = (error: unknown): unknown => {
    if (failure !== undefined || isEpinioError(error)) return failure ?? error;
    return invalid('is damaged or cut short: its tar headers make no sense', undefined, error);
  };
  async function* contentOf(stream: AsyncIterable<unknown>): AsyncGenerator<Buffer, void, undefined> {
    try {
      for await (const chunk of stream) yield chunk as Buffer;
    } catch (error) {
      throw explained(error);
    }
  }
  const extract = tar.extract(V7_TOO);
  pipeline(watched(), extract as unknown as Writable, () => undefined); // a failure shows in the loop below
  try {
    for await (const stream of extract) {
      yield entry(stream.header, contentOf(stream));
      stream.resume();
    }
  } catch (error) {
    throw explained(error);
  } finally {
    extract.destroy();
  }
}

function entry(header: tar.Header, content: AsyncIterable<Buffer>): ArchiveEntry {
  const type = TYPES[header.type];
  if (type === undefined || Object.keys(header.pax ?? {}).some((key) => key.startsWith('GNU.sparse.'))) {
    throw unsupported(
      `has the entry ${quote(header.name)}, which is sparse or of an unknown kind`,
      'Make it anew without --sparse',
    );
  }
  return {
    name: header.name,
    type,
    mode: header.mode,
    uid: header.uid,
    gid: header.gid,
    mtime: header.mtime,
    size: type === 'file' ? header.size : 0,
    // eslint-disable-next-line @typescript-eslint/no-unnecessary-condition -- null for everything but links, whatever its types say
    linkName: header.linkname ?? '',
    content,
  };
}
