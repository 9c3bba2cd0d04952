import { at, isObject } from '../../json.ts';

/** Values that differ by nature: identities, times, versions, addresses. */
const RANDOM: readonly (readonly [RegExp, string])[] = [
  [/eyJ[\w-]+\.[\w-]+\.[\w-]+/g, 'TOKEN'],
  [/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, 'UID'],
  [/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/g, 'TIME'],
  [/\b(10|127)\.96\.\d+\.\d+\b/g, 'ADDRESS'],
  [/case-[0-9a-f]{8}/g, 'NS'],
  [/kube-api-access-[0-9a-z]{5}/g, 'TOKEN-VOLUME'],
  [/, current: \d+/g, ', current: NOW'],
];

/**
 * Fields that may differ from the real API server, each with the reason. Everything else must be equal.
 */
const ALLOWED: readonly (readonly [path: RegExp, reason: string])[] = [
  [/(^|\.)resourceVersion$/, 'each server counts its own writes'],
  [/(^|\.)metadata\.continue$/, 'the token is for the server that made it'],
  [/^remainingItemCount$/, 'an estimate'],
  [/\.cells\[\d+\]$/, 'ages depend on the moment'],
  [
    /^columnDefinitions\[\d+\]\.description$/,
    'descriptions are prose of the API description, which is not carried over',
  ],
  [/^resources|^items\[\d+\]\.versions|^groups/, 'what is not served is absent'],
  [/^serverAddressByClientCIDRs/, 'the address of the server'],
  [/^status\.userInfo\.(username|uid|extra)/, 'the tests authenticate in another way'],
  [/^status\.reason$/, 'the authorizer gives its own reasons'],
  [/managedFields\[\d+\]\.time$/, 'the real one forgets the time of a change by scale'],
  [/^status\.conditions/, 'a definition is established in the write that makes it'],
  [/^status\.acceptedNames/, 'as its conditions'],
  [/^storageVersionHash/, 'any stable text'],
];

/** Paths at which two answers differ, but for what may. */
export function differences(mine: unknown, theirs: unknown, path = '', all = false): readonly string[] {
  if (!all && ALLOWED.some(([allowed]) => allowed.test(path))) return [];
  if (Array.isArray(mine) && Array.isArray(theirs)) {
    if (mine.length !== theirs.length)
      return [`${path}: ${mine.length} items, the real one has ${theirs.length}`];
    const [left, right] = path.endsWith('managedFields')
      ? [byManager(mine), byManager(theirs)]
      : [mine, theirs];
    return left.flatMap((item, index) => differences(item, right[index], `${path}[${index}]`, all));
  }
  if (isObject(mine) && isObject(theirs)) {
    const names = new Set([...Object.keys(mine), ...Object.keys(theirs)]);
    return [...names].flatMap((name) =>
      differences(mine[name], theirs[name], path === '' ? name : `${path}.${name}`, all),
    );
  }
  const [a, b] = [mine, theirs].map(comparable);
  return a === b ? [] : [`${path}: ${String(a)}, the real one has ${String(b)}`];
}

/** Managers stand in the order of their times, and a second may pass between two requests to one server. */
function byManager(entries: readonly unknown[]): readonly unknown[] {
  const name = (entry: unknown): string => JSON.stringify([at(entry, 'manager'), at(entry, 'operation')]);
  return [...entries].sort((a, b) => (name(a) < name(b) ? -1 : 1));
}

function comparable(value: unknown): string {
  let text = value === undefined ? 'nothing' : JSON.stringify(value);
  for (const [pattern, name] of RANDOM) text = text.replace(pattern, name);
  return text;
}
