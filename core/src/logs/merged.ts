import type { LogLine } from '../contracts/builder.ts';

/**
 * Several logs as one, in the order of time; lines without a time come as soon as they are read. One line of each log is
 * in memory.
 */
export async function* merged(logs: readonly AsyncIterable<LogLine>[]): AsyncGenerator<LogLine> {
  const iterators = logs.map((log) => log[Symbol.asyncIterator]());
  try {
    const heads = await Promise.all(iterators.map((iterator) => iterator.next()));
    for (;;) {
      let first = -1;
      for (const [index, head] of heads.entries()) {
        if (head.done === true) continue;
        const best = heads[first];
        if (best === undefined || best.done === true || isBefore(head.value, best.value)) first = index;
      }
      const head = heads[first];
      const iterator = iterators[first];
      if (head === undefined || head.done === true || iterator === undefined) return;
      yield head.value;
      heads[first] = await iterator.next();
    }
  } finally {
    await Promise.all(iterators.map(async (iterator) => iterator.return?.()));
  }
}

/** Kubelets write nanoseconds in UTC, with trailing zeros or without: compared as texts of the same length. */
function isBefore(a: LogLine, b: LogLine): boolean {
  return sortable(a.timestamp) < sortable(b.timestamp);
}

function sortable(timestamp: string): string {
  const [seconds = '', fraction = ''] = timestamp.replace('Z', '').split('.');
  return `${seconds}.${fraction.padEnd(9, '0')}`;
}
