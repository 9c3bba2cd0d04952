import type { Readable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';

export interface TimedLine {
  /** RFC 3339 with nanoseconds; empty when the node gave none. */
  readonly timestamp: string;
  readonly message: string;
}

/** A longer line comes in pieces. */
const MAX_LINE = 64 * 1024;
const TIMED = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)) ?(.*)$/s;

/** The lines of a container's log that was asked for with timestamps. */
export async function* timedLines(stream: Readable): AsyncGenerator<TimedLine> {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  for await (const chunk of stream) {
    const lines = (rest + decoder.write(chunk as Buffer)).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) yield timed(line);
    for (; rest.length > MAX_LINE; rest = rest.slice(MAX_LINE)) yield timed(rest.slice(0, MAX_LINE));
  }
  rest += decoder.end();
  if (rest !== '') yield timed(rest);
}

function timed(line: string): TimedLine {
  const [, timestamp = '', message = line] = TIMED.exec(line) ?? [];
  return { timestamp, message: message.trimEnd() };
}
