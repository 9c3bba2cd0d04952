/** One entry of an archive, whatever its format. */
export interface ArchiveEntry {
  /** As the archive has it. */
  readonly name: string;
  readonly type: 'file' | 'directory' | 'symlink' | 'link' | 'device' | 'fifo';
  /** Permission bits. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly mtime: Date;
  /** As the archive says; a file's `content` is what counts. */
  readonly size: number;
  /** Of `symlink`: its target; of `link`: the name of an earlier entry. */
  readonly linkName: string;
  /** Of `file`; to be read before the next entry is asked for. */
  readonly content: AsyncIterable<Buffer>;
}
