import { EpinioError } from '../../kernel/errors.ts';

const NEWLINE = 0x0a;
/** Larger than any object that an API server stores (etcd takes 1.5 MB, its proxies and CRDs somewhat more). */
const MAX_LINE_BYTES = 16 * 1024 * 1024;

/**
 * The JSON values of a stream of lines, one by one and no faster than they are read. What is unfinished at
 * the end is dropped: the sender was cut off. Fails with `KUBE_FAILED` when a line is longer than `maxBytes`.
 */
export async function* jsonLines(source: AsyncIterable<Buffer>, maxBytes = MAX_LINE_BYTES): AsyncGenerator {
  let pieces: Buffer[] = [];
  let size = 0;
  for await (const chunk of source) {
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, start)) {
      pieces.push(chunk.subarray(start, end));
      const [only = chunk] = pieces;
      const line = pieces.length === 1 ? only : Buffer.concat(pieces);
      pieces = [];
      size = 0;
      start = end + 1;
      if (line.length > 0) yield parse(line.toString('utf8'));
    }
    if (start < chunk.length) {
      pieces.push(chunk.subarray(start));
      size += chunk.length - start;
    }
    if (size > maxBytes) {
      throw failed(`The Kubernetes API sent a watch event of more than ${maxBytes} bytes`);
    }
  }
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch (cause) {
    throw failed(`The Kubernetes API sent a watch event that is no JSON: "${line.slice(0, 80)}"`, cause);
  }
}

function failed(message: string, cause?: unknown): EpinioError {
  return new EpinioError('KUBE_FAILED', message, { status: 500, cause });
}
