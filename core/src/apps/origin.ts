import { type ApplicationOrigin, OriginKind, type OriginInput } from '../models/app.ts';
import type { AppOrigin } from './app-object.ts';
import { withoutPassword } from './without-password.ts';

/** The origin as the API shows it. Of several, path comes before container, container before git. */
export function shownOrigin(origin: AppOrigin = {}): ApplicationOrigin {
  if (origin.path !== undefined && origin.path !== '') {
    return {
      Kind: OriginKind.path,
      path: origin.path,
      ...(origin.archive === true ? { archive: true } : {}),
    };
  }
  if (origin.container !== undefined && origin.container !== '') {
    return { Kind: OriginKind.container, container: origin.container };
  }
  if (origin.git !== undefined) return { Kind: OriginKind.git, git: { ...origin.git } };
  return { Kind: OriginKind.none };
}

/** The origin as it is stored; `Kind` is the clients' own and not needed. A password in a git URL is not kept. */
export function storedOrigin(input: OriginInput | null | undefined): AppOrigin {
  if (input === null || input === undefined) return {};
  if (input.path) return { path: input.path, ...(input.archive === true ? { archive: true } : {}) };
  if (input.container) return { container: input.container };
  if (!input.git?.repository) return {};
  const { revision, provider, branch, gitconfig } = input.git;
  const kept = Object.entries({ revision, provider, branch, gitconfig }).filter(([, value]) =>
    Boolean(value),
  );
  return { git: { repository: withoutPassword(input.git.repository), ...Object.fromEntries(kept) } };
}
