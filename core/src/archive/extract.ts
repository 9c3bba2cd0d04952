import type { Readable } from 'node:stream';
import { invalid, unsafe, unsupported } from './archive-error.ts';
import { Budget, type ExtractLimits } from './budget.ts';
import { linkStaysInside } from './confinement.ts';
import { decompress } from './decompress.ts';
import { Destination, type Owner } from './destination.ts';
import type { ArchiveEntry } from './entry.ts';
import { nameComponents } from './entry-name.ts';
import { guarded } from './guarded.ts';
import { Source } from './source.ts';
import { tarEntries } from './tar-entries.ts';
import { zipEntries } from './zip-entries.ts';

export interface ExtractOptions {
  readonly limits: ExtractLimits;
  readonly signal?: AbortSignal | undefined;
  /** Whose the files become: needs root. Absent: the user's who runs this. */
  readonly ownership?: Owner | undefined;
}

/** What came out of an archive. */
export interface Extracted {
  readonly entries: number;
  /** Of all files together. */
  readonly bytes: number;
}

/**
 * Unpacks somebody's tar, tar.gz, tar.bz2, tar.xz, tar.zst or zip into `directory`, which must be there and be
 * empty. Everything is taken for hostile: names that are absolute or lead out, links that resolve to anything
 * outside, names below a link, devices and pipes fail with `ARCHIVE_UNSAFE`; more than the limits (counted as
 * it comes out, so that a bomb ends early) with `ARCHIVE_TOO_LARGE`; damage with `ARCHIVE_INVALID`; a kind that
 * cannot be read here with `ARCHIVE_UNSUPPORTED`; a full disk with `DISK_FULL`. Files get mode 0644, or 0755
 * when any execute bit is set; folders 0755; times are those of now; the last of several entries of one name counts.
 *
 * Not atomic: after a failure, or a crash, `directory` holds a part. Extract into a folder of your own that
 * you remove then, and rename it when this has resolved. `content` is read to its end or destroyed.
 */
export async function extract(
  content: Readable,
  directory: string,
  options: ExtractOptions,
): Promise<Extracted> {
  const budget = new Budget(options.limits, options.signal);
  const { ownership } = options;
  const destination = new Destination(directory, {
    links: 'refuse',
    keepTimes: false,
    owner: ownership === undefined ? undefined : () => ownership,
  });
  const links: ArchiveEntry[] = [];
  await guarded(content, options.signal, async () => {
    for await (const entry of await entriesOf(new Source(content), directory, budget)) {
      options.signal?.throwIfAborted();
      budget.addEntry();
      const components = nameComponents(entry.name);
      if (components.length > 0) await add(destination, entry, components, directory, budget);
      if (entry.type === 'symlink') links.push({ ...entry, name: components.join('/') });
    }
    await destination.finish();
    // Once more, now that every link is there: two links that are harmless alone can lead outside together.
    for (const link of links) await assertInside(directory, link);
  });
  return { entries: budget.entries, bytes: budget.bytes };
}

async function entriesOf(
  source: Source,
  directory: string,
  budget: Budget,
): Promise<AsyncIterable<ArchiveEntry>> {
  const type = await source.type();
  if (source.isEmpty) throw invalid('is empty: not one byte came');
  if (type === undefined) throw unsupported('is neither tar nor zip', 'Send a tar, a tar.gz or a zip');
  const bytes = counted(decompress(source, type), budget);
  return type === 'application/zip' ? zipEntries(bytes, directory) : tarEntries(bytes);
}

async function* counted(
  bytes: AsyncIterable<Buffer>,
  budget: Budget,
): AsyncGenerator<Buffer, void, undefined> {
  for await (const chunk of bytes) {
    budget.addRaw(chunk.length);
    yield chunk;
  }
}

async function add(
  destination: Destination,
  entry: ArchiveEntry,
  components: readonly string[],
  directory: string,
  budget: Budget,
): Promise<void> {
  switch (entry.type) {
    case 'directory':
      return destination.addDirectory(entry, components, 0o755);
    case 'file':
      return destination.addFile(entry, components, (entry.mode & 0o111) === 0 ? 0o644 : 0o755, (bytes) =>
        budget.addBytes(bytes),
      );
    case 'symlink':
      await assertInside(directory, { ...entry, name: components.join('/') });
      return destination.addSymlink(entry, components);
    case 'link':
      return destination.addLink(entry, components, linkComponents(entry));
    case 'device':
    case 'fifo':
      throw unsafe(entry.name, entry.type === 'fifo' ? 'is a named pipe' : 'is a device');
  }
}

function linkComponents(entry: ArchiveEntry): string[] {
  if (entry.linkName.startsWith('/') || entry.linkName.split('/').includes('..')) {
    throw unsafe(entry.name, `is a hard link to ${JSON.stringify(entry.linkName)}, which is outside`);
  }
  return nameComponents(entry.linkName);
}

async function assertInside(directory: string, link: ArchiveEntry): Promise<void> {
  if (link.linkName === '' || link.linkName.includes('\0'))
    throw invalid('is a link without a target', link.name);
  if (!(await linkStaysInside(directory, link.name, link.linkName))) {
    throw unsafe(link.name, `is a link to ${JSON.stringify(link.linkName)}, which is outside`);
  }
}
