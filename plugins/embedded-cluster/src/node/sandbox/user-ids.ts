import { readFileSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

/** Pods of one node at most; each has a user id of its own. */
export const MAX_PODS = 9000;
/** Above the users of most systems; the second fits where a container of an outer runtime has 65,536 ids. */
const FIRST_IDS = [100_000, 50_000];

/** The first of a range of user ids that this process may become; undefined when it is not root. */
export function firstPodUid(uid = process.getuid?.()): number | undefined {
  if (uid !== 0) return undefined;
  const ranges = uidMap();
  return FIRST_IDS.find((first) =>
    ranges.some(({ from, count }) => first >= from && first + MAX_PODS <= from + count),
  );
}

/** Whether any user can enter the folder, that is every folder above it. */
export function isReachableByAll(folder: string): boolean {
  for (let at = folder; ; at = dirname(at)) {
    if ((statSync(at).mode & 0o001) === 0) return false;
    if (at === dirname(at)) return true;
  }
}

/** user_namespaces(7): the ids that exist in this namespace. Without one (no Linux) all do. */
function uidMap(): { readonly from: number; readonly count: number }[] {
  try {
    return readFileSync('/proc/self/uid_map', 'utf8')
      .trim()
      .split('\n')
      .map((line) => line.trim().split(/\s+/).map(Number))
      .map(([from = 0, , count = 0]) => ({ from, count }));
  } catch {
    return [{ from: 0, count: 2 ** 31 }];
  }
}
