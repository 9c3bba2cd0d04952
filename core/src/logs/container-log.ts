import type { LogLine } from '../contracts/builder.ts';
import type { Kube, PodLogOptions } from '../ports/kube.ts';
import { lines } from './lines.ts';

/** One container of a pod. */
export interface ContainerRef {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
}

const STAMP = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)) ?/;

/** The lines of one container's log, as they are read; the stream is closed when the reader stops. */
export async function* containerLog(
  kube: Pick<Kube, 'logs'>,
  { namespace, pod, container }: ContainerRef,
  options: PodLogOptions,
): AsyncGenerator<LogLine> {
  const stream = await kube.logs({ namespace, name: pod }, { ...options, container, timestamps: true });
  for await (const line of lines(stream)) {
    const timestamp = STAMP.exec(line)?.[1] ?? '';
    yield { message: line.replace(STAMP, '').trimEnd(), container, pod, namespace, timestamp };
  }
}
