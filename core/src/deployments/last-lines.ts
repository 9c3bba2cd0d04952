import type { AppName } from '../apps/app-object.ts';
import { messageOf } from '../kernel/errors.ts';
import type { Kube, PodLogOptions } from '../ports/kube.ts';
import type { Log } from '../ports/log.ts';
import type { Diagnosis } from './diagnosis.ts';

const LINES = 20;
const MAX_LINE = 500;
const MAX_BYTES = 64 * 1024;
const TIMEOUT_MS = 5_000;

/** The last log lines of the container that a diagnosis blames; none when they cannot be had. */
export async function lastLogLines(
  { kube, log }: { readonly kube: Pick<Kube, 'logs'>; readonly log: Log },
  app: AppName,
  { pod }: Pick<Diagnosis, 'pod'>,
  signal: AbortSignal,
): Promise<readonly string[]> {
  if (pod === undefined) return [];
  const bounded = AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]);
  // After a crash the container may be up again, with nothing in its log yet: then the one before tells.
  for (const previous of pod.crashed ? [true, false] : [false]) {
    const options = { container: pod.container, tailLines: LINES, previous, signal: bounded };
    const lines = await read(kube, { namespace: app.namespace, name: pod.name }, options).catch(
      (error: unknown) => {
        log.debug('Log of a failed instance is not available', { pod: pod.name, error: messageOf(error) });
        return [];
      },
    );
    if (lines.length > 0) return lines;
  }
  return [];
}

async function read(
  kube: Pick<Kube, 'logs'>,
  pod: { readonly namespace: string; readonly name: string },
  options: PodLogOptions,
): Promise<string[]> {
  const stream = await kube.logs(pod, options);
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    size += chunk.length;
    while (size > MAX_BYTES && chunks.length > 1) size -= chunks.shift()?.length ?? 0;
  }
  const lines = Buffer.concat(chunks).toString('utf8').split('\n');
  return lines
    .map((line) => line.trimEnd().slice(0, MAX_LINE))
    .filter((line) => line !== '')
    .slice(-LINES);
}
