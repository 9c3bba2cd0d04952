import { StringDecoder } from 'node:string_decoder';
import type { Readable } from 'node:stream';

/** A line longer than this comes in pieces, so that a log without line ends does not fill the memory. */
const MAX_LINE = 64 * 1024;

/** The lines of a text stream, without their ends. The stream is destroyed when the reader stops. */
export async function* lines(stream: Readable): AsyncGenerator<string> {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      const parts = (rest + decoder.write(chunk)).split('\n');
      rest = parts.pop() ?? '';
      for (const part of parts) yield part.endsWith('\r') ? part.slice(0, -1) : part;
      while (rest.length > MAX_LINE) {
        yield rest.slice(0, MAX_LINE);
        rest = rest.slice(MAX_LINE);
      }
    }
    rest += decoder.end();
    if (rest !== '') yield rest;
  } finally {
    stream.destroy();
  }
}
