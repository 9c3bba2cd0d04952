import { EpinioError } from '@epinio/core';
import type { HistoryEvent } from './history.ts';

/** One durable change. The database is the ordered log of these; the objects are what the log adds up to. */
export interface Change {
  readonly revision: number;
  readonly type: HistoryEvent['type'];
  /** `group/plural`; the core group is empty. */
  readonly collection: string;
  readonly key: string;
  /** The object; of a deletion: its last state. */
  readonly json: string;
}

/** A change as the database keeps it: one line of checksum, type (its initial), collection and key, then the JSON text. */
export function encodeChange(change: Change): string {
  const rest = `${change.type.charAt(0)} ${change.collection} ${change.key}\n${change.json}`;
  return `${checksum(change.revision, rest).toString(36)} ${rest}`;
}

/** Fails with `CLUSTER_DATABASE_CORRUPT` when the record is not what was written. */
export function decodeChange(revision: number, record: string): Change {
  const space = record.indexOf(' ');
  const rest = record.slice(space + 1);
  if (space < 0 || record.slice(0, space) !== checksum(revision, rest).toString(36)) {
    throw new EpinioError(
      'CLUSTER_DATABASE_CORRUPT',
      `Record ${revision} of the cluster's database is damaged`,
    );
  }
  const line = rest.indexOf('\n');
  const [type, collection = '', key = ''] = rest.slice(0, line).split(' ');
  return {
    revision,
    type: type === 'A' ? 'ADDED' : type === 'M' ? 'MODIFIED' : 'DELETED',
    collection,
    key,
    json: rest.slice(line + 1),
  };
}

/** FNV-1a over UTF-16 units: finds flipped bits and swapped pages at some nanoseconds a character. */
function checksum(revision: number, text: string): number {
  let hash = 0x811c9dc5 ^ revision;
  for (let index = 0; index < text.length; index++) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  return hash >>> 0;
}
