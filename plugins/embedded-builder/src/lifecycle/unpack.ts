import { readFileSync } from 'node:fs';
import { extract } from '@epinio/core/archive';
import { download } from './download.ts';
import { EXIT, LifecycleError } from './lifecycle-error.ts';
import { bytes, duration } from './output.ts';
import type { Output } from './output.ts';

export interface UnpackOptions {
  /** File that holds the URL of the blob: it is a secret, and so is no argument. */
  readonly urlFile: string;
  /** Empty folder for the sources. */
  readonly app: string;
  /** What the sources may unpack to. */
  readonly maxBytes: number;
  readonly output: Output;
}

const MAX_ENTRIES = 1_000_000;

/** Fetches the sources and unpacks them, as untrusted as they are. */
export async function unpack({ urlFile, app, maxBytes, output }: UnpackOptions): Promise<void> {
  const started = performance.now();
  output.heading('Sources');
  const content = await download(readUrl(urlFile));
  const extracted = await extract(content, app, { limits: { maxBytes, maxEntries: MAX_ENTRIES } });
  const took = duration(performance.now() - started);
  output.line(`${extracted.entries} files and folders, ${bytes(extracted.bytes)}, unpacked in ${took}`);
}

function readUrl(file: string): URL {
  const text = readFileSync(file, 'utf8').trim();
  if (!URL.canParse(text)) throw new LifecycleError(EXIT.unpack, 'The link to the sources is no URL');
  return new URL(text);
}
