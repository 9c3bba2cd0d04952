import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pack } from '../../archive/pack.ts';
import type { AppName } from '../../apps/app-object.ts';
import { badRequest, notFound } from '../../apps/published-errors.ts';
import type { Storage } from '../../contracts/storage.ts';
import { EpinioError, isEpinioError } from '../../kernel/errors.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Commands } from '../../ports/commands.ts';
import { newBlob } from '../blob-metadata.ts';
import { GitCommand } from './git-command.ts';
import { gitFailed } from './git-errors.ts';
import { checkRevision, parseGitUrl } from './git-url.ts';
import { findRemote } from './preflight.ts';
import { type Fetched, fetchRevision, findRevision } from './revision.ts';
import type { Lookup } from './safe-addresses.ts';
import { guardSize, tooLarge } from './size-guard.ts';

export interface GitImportDeps {
  readonly commands: Commands;
  readonly storage: Pick<Storage, 'put'>;
  readonly clock: Clock;
  readonly options?: GitImportOptions;
}

export interface GitImportOptions {
  /** Repositories on the server's own disk. Default false: they are not the users'. */
  readonly allowFileUrls?: boolean;
  /** Of what is fetched, and of the sources. Default 1 GiB. */
  readonly maxBytes?: number;
  /** Where repositories are fetched to, each into a folder of its own that is removed afterwards. Default the system's. */
  readonly folder?: string;
  /** For tests of what a host resolves to. */
  readonly lookup?: Lookup;
}

export interface GitImportRequest {
  readonly url: string;
  /** Branch, tag, or short or full hash; empty for the default branch. */
  readonly revision: string;
  /** A stored configuration with credentials; empty for none. */
  readonly gitconfig: string;
}

export interface ImportedSources {
  readonly blobUid: string;
  readonly branch?: string;
  /** The full hash of the commit. */
  readonly revision: string;
}

const FOLDER_PREFIX = 'epinio-git-';
const MAX_BYTES = 1024 ** 3;
const TIMEOUT_MS = 15 * 60_000;

/** Fetches a repository and stores the sources of one revision, without their history, like an upload. */
export async function importGit(
  deps: GitImportDeps,
  app: AppName,
  username: string,
  request: GitImportRequest,
  signal: AbortSignal,
): Promise<ImportedSources> {
  const {
    allowFileUrls = false,
    maxBytes = MAX_BYTES,
    folder: place = tmpdir(),
    lookup,
  } = deps.options ?? {};
  const start = parseGitUrl(request.url, { allowFile: allowFileUrls });
  if (request.revision !== '') checkRevision(request.revision);
  if (request.gitconfig !== '') throw notFound('gitconfig', request.gitconfig);
  const stop = new AbortController();
  const bounded = AbortSignal.any([signal, stop.signal, AbortSignal.timeout(TIMEOUT_MS)]);
  const remote = await findRemote(start, { lookup, signal: bounded });
  const folder = await mkdtemp(join(place, FOLDER_PREFIX));
  const guard = guardSize(folder, { maxBytes, url: start.url, clock: deps.clock, stop });
  try {
    const git = new GitCommand(deps.commands, folder, remote, bounded);
    const fetched = await checkOut(git, remote.target.url, request.revision, maxBytes);
    const { key, options } = newBlob(app, username, deps.clock.now(), bounded);
    const sources = pack(git.repository, { include: (path) => path !== '.git', signal: bounded });
    await deps.storage.put(key, sources, options);
    return {
      blobUid: key,
      revision: fetched.commit,
      ...(fetched.branch === undefined ? {} : { branch: fetched.branch }),
    };
  } catch (error) {
    throw failure(error, start.url, stop.signal, signal);
  } finally {
    stop.abort(new Error('done'));
    await guard;
    await rm(folder, { recursive: true, force: true });
  }
}

async function checkOut(git: GitCommand, url: string, revision: string, maxBytes: number): Promise<Fetched> {
  const wanted = await findRevision(git, url, revision);
  await succeed(git.run(['init', '--quiet', '--template=', '--', git.repository]), url);
  const fetched = await fetchRevision(git, url, wanted);
  let bytes = 0;
  const sizes = git.inside(['ls-tree', '-r', '-l', '--full-tree', fetched.commit], (line, stream) => {
    if (stream === 'stdout') bytes += Number(/^\d+ blob [0-9a-f]+ +(\d+)\t/.exec(line)?.[1] ?? 0);
  });
  await succeed(sizes, url);
  if (bytes > maxBytes) throw tooLarge(url, maxBytes);
  await succeed(git.inside(['checkout', '--quiet', '--force', '--detach', fetched.commit]), url);
  return fetched;
}

async function succeed(command: ReturnType<GitCommand['run']>, url: string): Promise<void> {
  const { exitCode, stderr } = await command;
  if (exitCode !== 0) throw gitFailed(url, stderr);
}

/** The reason behind a command that was ended from here: too large, or too slow. */
function failure(error: unknown, url: string, stop: AbortSignal, caller: AbortSignal): unknown {
  if (stop.aborted && isEpinioError(stop.reason)) return stop.reason;
  if (caller.aborted) return caller.reason;
  if (isEpinioError(error) && error.code !== 'COMMAND_ABORTED' && error.code !== 'COMMAND_TIMEOUT')
    return error;
  if (error instanceof EpinioError || (error as Error).name === 'TimeoutError') {
    return badRequest(
      'GIT_TIMEOUT',
      `git repository '${url}' could not be fetched in ${TIMEOUT_MS / 60_000} minutes`,
      {
        cause: error,
      },
    );
  }
  return error;
}

/** Removes what imports have left that were cut by the end of the server. For folders that are this server's alone. */
export async function removeUnfinishedImports(folder: string): Promise<void> {
  const names = (await readdir(folder)).filter((name) => name.startsWith(FOLDER_PREFIX));
  await Promise.all(names.map((name) => rm(join(folder, name), { recursive: true, force: true })));
}
