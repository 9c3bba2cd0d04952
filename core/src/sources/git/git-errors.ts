import { badRequest } from '../../apps/published-errors.ts';
import type { EpinioError } from '../../kernel/errors.ts';

/** The repository is not there. Servers that hide private ones say the same of those. */
export function repositoryMissing(url: string): EpinioError {
  return badRequest('GIT_REPOSITORY_MISSING', `git repository '${url}' does not exist`, {
    fix: 'Check the URL; of a private repository, some servers say that it does not exist',
  });
}

export function passwordWanted(url: string): EpinioError {
  return badRequest('GIT_PASSWORD_WANTED', `git repository '${url}' does not exist, or wants a password`, {
    fix: 'Check the URL, or put a user and an access token into it: https://USER:TOKEN@host/path',
  });
}

export function revisionUnknown(url: string, revision: string): EpinioError {
  return badRequest(
    'GIT_REVISION_UNKNOWN',
    `git repository '${url}' has no branch, tag or commit '${revision}'`,
  );
}

const KNOWN: readonly (readonly [RegExp, (url: string) => EpinioError])[] = [
  [
    /authentication failed|could not read (username|password)|permission denied|terminal prompts disabled|error: 40[13]/i,
    passwordWanted,
  ],
  [
    /repository .*not found|does not (exist|appear to be a git repository)|error: 404|not a git repository/i,
    repositoryMissing,
  ],
];

/** The error for what git printed when it failed. */
export function gitFailed(url: string, stderr: string): EpinioError {
  for (const [pattern, error] of KNOWN) {
    if (pattern.test(stderr)) return error(url);
  }
  const lines = stderr.split('\n').filter((line) => line.trim() !== '');
  const last = lines.findLast((line) => /^(fatal|error):/.test(line)) ?? lines.at(-1) ?? 'no message';
  return badRequest(
    'GIT_FAILED',
    `git repository '${url}' cannot be fetched: ${last.replace(/^(fatal|error): /, '')}`,
    {
      details: lines.slice(-5),
    },
  );
}
