import type { GitCommand } from './git-command.ts';
import { gitFailed, repositoryMissing, revisionUnknown } from './git-errors.ts';
import { badRequest } from '../../apps/published-errors.ts';

/** What to fetch for a revision that somebody named. */
export type Wanted =
  | { readonly kind: 'branch'; readonly ref: string; readonly branch: string }
  | { readonly kind: 'tag'; readonly ref: string }
  | { readonly kind: 'commit'; readonly hash: string };

const COMMIT = /^[0-9a-f]{4,40}$/i;

/** Asks the repository what the revision is: a branch, a tag, or else a commit. No revision is its default branch. */
export async function findRevision(git: GitCommand, url: string, revision: string): Promise<Wanted> {
  const patterns = revision === '' ? ['HEAD'] : [`refs/heads/${revision}`, `refs/tags/${revision}`];
  const found: string[] = [];
  const { exitCode, stderr } = await git.run(
    ['ls-remote', '--symref', '--', url, ...patterns],
    (line, stream) => {
      if (stream === 'stdout' && found.length < 100) found.push(line);
    },
  );
  if (exitCode !== 0) throw gitFailed(url, stderr);
  if (revision === '') return defaultBranch(found, url);
  const refs = new Set(found.map((line) => line.split('\t')[1]));
  if (refs.has(`refs/heads/${revision}`)) {
    return { kind: 'branch', ref: `refs/heads/${revision}`, branch: revision };
  }
  if (refs.has(`refs/tags/${revision}`)) return { kind: 'tag', ref: `refs/tags/${revision}` };
  if (COMMIT.test(revision)) return { kind: 'commit', hash: revision.toLowerCase() };
  throw revisionUnknown(url, revision);
}

function defaultBranch(lines: readonly string[], url: string): Wanted {
  for (const line of lines) {
    const branch = /^ref: refs\/heads\/(.+)\tHEAD$/.exec(line)?.[1];
    if (branch !== undefined) return { kind: 'branch', ref: `refs/heads/${branch}`, branch };
  }
  const hash = lines.map((line) => /^([0-9a-f]{40})\tHEAD$/.exec(line)?.[1]).find((one) => one !== undefined);
  if (hash !== undefined) return { kind: 'commit', hash };
  throw badRequest('GIT_REPOSITORY_EMPTY', `git repository '${url}' has no commits`);
}

/** A commit that was fetched. */
export interface Fetched {
  readonly commit: string;
  readonly branch?: string;
}

/**
 * Fetches as little as will do: one commit of a branch or tag. Of a commit, the server may refuse to give it alone; then
 * everything is fetched, and a short hash is looked for in it.
 */
export async function fetchRevision(git: GitCommand, url: string, wanted: Wanted): Promise<Fetched> {
  if (wanted.kind !== 'commit') {
    await fetchOne(git, url, wanted.ref);
    const commit = await resolve(git, 'FETCH_HEAD');
    if (commit === undefined) throw repositoryMissing(url);
    return wanted.kind === 'branch' ? { commit, branch: wanted.branch } : { commit };
  }
  const { hash } = wanted;
  if (hash.length === 40) {
    const { exitCode } = await git.inside([...SHALLOW, '--', url, hash]);
    if (exitCode === 0) return { commit: hash };
  }
  const everything = [
    'fetch',
    '--quiet',
    '--',
    url,
    '+refs/heads/*:refs/remotes/origin/*',
    '+refs/tags/*:refs/tags/*',
  ];
  const { exitCode, stderr } = await git.inside(everything);
  if (exitCode !== 0) throw gitFailed(url, stderr);
  const commit = await resolve(git, hash);
  if (commit === undefined) throw revisionUnknown(url, hash);
  const branch = await branchOf(git, commit);
  return { commit, ...(branch === undefined ? {} : { branch }) };
}

const FETCH = ['fetch', '--quiet', '--no-tags'] as const;
const SHALLOW = [...FETCH, '--depth', '1'] as const;

/** A server that only hands out files cannot cut the history off; of it, all is fetched. */
async function fetchOne(git: GitCommand, url: string, ref: string): Promise<void> {
  let { exitCode, stderr } = await git.inside([...SHALLOW, '--', url, ref]);
  if (exitCode !== 0 && stderr.includes('does not support shallow'))
    ({ exitCode, stderr } = await git.inside([...FETCH, '--', url, ref]));
  if (exitCode !== 0) throw gitFailed(url, stderr);
}

async function resolve(git: GitCommand, name: string): Promise<string | undefined> {
  const { exitCode, stdout } = await git.inside([
    'rev-parse',
    '--verify',
    '--quiet',
    '--end-of-options',
    `${name}^{commit}`,
  ]);
  return exitCode === 0 ? stdout.trim() : undefined;
}

async function branchOf(git: GitCommand, commit: string): Promise<string | undefined> {
  const args = [
    'for-each-ref',
    '--count=1',
    `--contains=${commit}`,
    '--format=%(refname:lstrip=3)',
    'refs/remotes/origin',
  ];
  const { exitCode, stdout } = await git.inside(args);
  const branch = stdout.trim();
  return exitCode === 0 && branch !== '' ? branch : undefined;
}
