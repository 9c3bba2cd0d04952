import { chmodSync, existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Database as LmdbDatabase, RootDatabase } from 'lmdb';
import { EpinioError, isEpinioError, messageOf } from '@epinio/core';
import { checkPages } from './page-check.ts';
import { decodeChange, encodeChange, type Change } from './record.ts';

type LmdbRoot = RootDatabase<string, string>;

/** Raised when the layout of the records changes. */
const FORMAT = 1;

/** What one commit makes durable, all of it or nothing. */
export interface Commit {
  readonly changes: readonly Change[];
  /** Revisions whose records nobody can ask for any more. */
  readonly remove: readonly number[];
  /** By collection: the newest revision that has left its history. */
  readonly floors: ReadonlyMap<string, number>;
}

/** The log of changes on disk: an LMDB environment, written by this process alone. */
export class Database {
  readonly #file: string;
  readonly #root: LmdbRoot;
  readonly #log: LmdbDatabase<string, number>;
  readonly #floors: LmdbDatabase<number, string>;

  private constructor(
    file: string,
    root: LmdbRoot,
    log: LmdbDatabase<string, number>,
    floors: LmdbDatabase<number, string>,
  ) {
    this.#file = file;
    this.#root = root;
    this.#log = log;
    this.#floors = floors;
  }

  /**
   * Opens the database in `directory`, or makes an empty one where there is no file.
   * Fails with `CLUSTER_DATABASE_CORRUPT` or `CLUSTER_DATABASE_VERSION`; a file is never emptied or replaced.
   */
  static async open(directory: string): Promise<Database> {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    const file = join(directory, 'cluster.mdb');
    if (!existsSync(file)) await createFile(file);
    try {
      checkPages(file);
      const root = await openFile(file);
      await checkFormat(root);
      const log = root.openDB<string, number>({ name: 'log', encoding: 'string' });
      const floors = root.openDB<number, string>({ name: 'floors', encoding: 'json' });
      return new Database(file, root, log, floors);
    } catch (cause) {
      throw isEpinioError(cause) ? cause : corrupt(file, cause);
    }
  }

  /** Every change that is kept, oldest first. Fails with `CLUSTER_DATABASE_CORRUPT`. */
  *changes(): Generator<Change> {
    try {
      for (const { key, value } of this.#log.getRange()) yield decodeChange(key, value);
    } catch (cause) {
      throw corrupt(this.#file, cause);
    }
  }

  floors(): ReadonlyMap<string, number> {
    return new Map([...this.#floors.getRange()].map(({ key, value }) => [key, value]));
  }

  /** Resolves when all of it is on disk. Fails with `CLUSTER_DATABASE_WRITE`, and then nothing of it is. */
  async commit({ changes, remove, floors }: Commit): Promise<void> {
    try {
      await this.#root.batch(() => {
        for (const change of changes) void this.#log.put(change.revision, encodeChange(change));
        for (const revision of remove) void this.#log.remove(revision);
        for (const [collection, revision] of floors) void this.#floors.put(collection, revision);
      });
    } catch (cause) {
      throw await writeError(this.#file, cause);
    }
  }

  async close(): Promise<void> {
    await this.#root.close();
  }
}

async function openFile(file: string): Promise<LmdbRoot> {
  const { open } = await import('lmdb');
  const root = open<string, string>({
    path: file,
    noSubdir: true,
    encoding: 'string',
    maxDbs: 4,
    overlappingSync: false, // a commit is on disk when its promise resolves
    eventTurnBatching: false, // its own batches reject a promise that nobody can handle when the disk is full
  });
  // Secrets are in it, and where pods have users of their own, those get through the folders above it.
  for (const path of [file, `${file}-lock`]) chmodSync(path, 0o600);
  return root;
}

/** A new file gets its name when it is complete, so that one without content is known to be damaged. */
async function createFile(file: string): Promise<void> {
  const unfinished = `${file}.new`;
  rmSync(unfinished, { force: true });
  const root = await openFile(unfinished);
  await root.openDB<number, string>({ name: 'meta', encoding: 'json' }).put('format', FORMAT);
  await root.close();
  renameSync(unfinished, file);
  rmSync(`${unfinished}-lock`, { force: true });
}

async function checkFormat(root: LmdbRoot): Promise<void> {
  const format = root.openDB<number, string>({ name: 'meta', encoding: 'json' }).get('format');
  if (format === FORMAT) return;
  await root.close();
  const message = `The cluster's database has format ${format ?? 'none'}, this version reads ${FORMAT}`;
  throw new EpinioError('CLUSTER_DATABASE_VERSION', message, {
    fix: 'Use the version of epinio that wrote it, or another data folder',
  });
}

/** LMDB says why a commit failed in a promise beside its error. */
async function writeError(file: string, error: unknown): Promise<EpinioError> {
  const { commitError } = error as { commitError?: Promise<unknown> };
  const cause = await Promise.resolve(commitError).then(
    () => error,
    (reason: unknown) => reason,
  );
  return new EpinioError(
    'CLUSTER_DATABASE_WRITE',
    `The cluster's database "${file}" cannot be written: ${messageOf(cause)}`,
    {
      fix: 'Make room on its disk; reads go on, and writes as soon as there is room',
      status: 507,
      cause,
    },
  );
}

function corrupt(file: string, cause: unknown): EpinioError {
  return new EpinioError(
    'CLUSTER_DATABASE_CORRUPT',
    `The cluster's database "${file}" cannot be read: ${messageOf(cause)}`,
    {
      fix: 'Restore the file from a backup, or move it away to start with an empty cluster',
      fault: 'system',
      cause,
    },
  );
}
