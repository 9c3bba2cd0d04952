import { Readable } from 'node:stream';
import { writeTar, type TarEntry } from './tar-writer.ts';
import { treeEntries } from './tree-entries.ts';
import type { Include } from './walk.ts';

export interface PackOptions {
  /** Asked for everything on the way down; a folder that is left out is not looked into. Absent: all of it. */
  readonly include?: Include | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Told of what cannot be packed and is left out: sockets, pipes and devices. */
  readonly onWarning?: ((message: string) => void) | undefined;
  /** Told of each entry, for progress and to see that there was something; `size` is 0 but for files. */
  readonly onEntry?: ((path: string, size: number) => void) | undefined;
}

/**
 * A tar of a source folder. The same tree gives the same bytes, whoever packs it and when: entries are sorted,
 * times, users and groups are 0, modes 0644, 0755 with an execute bit and for folders. Symbolic links are kept
 * as they are; one that leads outside fails with `SOURCE_LINK_OUTSIDE`. A file that is written to while it is
 * read fails with `SOURCE_CHANGED` (a small one is first read again), an unreadable one with
 * `SOURCE_UNREADABLE`, no folder with `SOURCE_NOT_FOUND`: each by the stream's error, and then the tar is not
 * whole. Memory is bounded: at most some 2 MB, whatever the sizes.
 */
export function pack(directory: string, options: PackOptions = {}): Readable {
  const { include, signal, onWarning, onEntry } = options;
  const entries = told(treeEntries(directory, '', { include, links: 'inside', signal, onWarning }), onEntry);
  return Readable.from(writeTar(entries, { mtime: new Date(0), uid: 0, gid: 0 }), { objectMode: false });
}

async function* told(
  entries: AsyncIterable<TarEntry>,
  onEntry: PackOptions['onEntry'],
): AsyncGenerator<TarEntry, void, undefined> {
  for await (const entry of entries) {
    onEntry?.(entry.name, entry.type === 'file' ? entry.size : 0);
    yield entry;
  }
}
