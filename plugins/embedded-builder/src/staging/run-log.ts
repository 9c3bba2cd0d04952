import { hasCode } from '@epinio/core';
import type { Informer, Job, Kube, LogLine, LogOptions, Pod } from '@epinio/core';
import { untilFound } from './follow.ts';
import { CONTAINERS } from './job.ts';
import { timedLines } from './log-lines.ts';
import { containerState, hasEnded, phaseOf } from './run-state.ts';

export interface RunLogOptions extends LogOptions {
  readonly kube: Kube;
  readonly jobs: Informer<Job>;
  readonly pods: Informer<Pod>;
  readonly findJob: () => Job | undefined;
  /** The newest pod of the run. */
  readonly findPod: () => Pod | undefined;
  /** The same, from the API server. */
  readonly readPod: () => Promise<Pod | undefined>;
}

/** How long a container whose log has ended may take to be seen as ended. */
const SETTLE_MS = 2_000;

/**
 * The log of a run, container after container, each from its start. With `follow`, waits for containers that
 * have not started, and ends with the run.
 */
export async function* runLog(options: RunLogOptions): AsyncGenerator<LogLine> {
  for (const container of CONTAINERS) {
    const pod = options.follow === true ? await started(container, options) : await options.readPod();
    if (pod === undefined) return;
    if (containerState(pod, container) === 'waiting') continue;
    yield* containerLog(pod, container, options);
  }
}

/** The pod, once the container runs or has run. @returns undefined when it never will. */
async function started(container: string, options: RunLogOptions): Promise<Pod | undefined> {
  const { jobs, pods, findJob, findPod, readPod, signal } = options;
  const hasStarted = (pod: Pod | undefined): boolean => containerState(pod, container) !== 'waiting';
  const { pod } = await untilFound(
    [jobs, pods],
    (): { pod: Pod | undefined } | undefined => {
      const pod = findPod();
      if (hasStarted(pod)) return { pod };
      const job = findJob();
      const isOver = job === undefined || phaseOf(job) !== 'running' || (pod !== undefined && hasEnded(pod));
      return isOver ? { pod: undefined } : undefined;
    },
    signal,
  );
  if (pod !== undefined) return pod;
  // The two live copies do not move in step: the end of the Job may be seen before its pod.
  const last = await readPod();
  return hasStarted(last) ? last : undefined;
}

/** One container's lines; a stream that breaks off while the container runs is taken up where it broke. */
async function* containerLog(pod: Pod, container: string, options: RunLogOptions): AsyncGenerator<LogLine> {
  const { kube, follow = false, tailLines, sinceSeconds, sinceTime, signal } = options;
  const { name, namespace = '' } = pod.metadata;
  let last = '';
  for (let from: object = { tailLines, sinceSeconds, sinceTime }; ; from = { sinceTime: last }) {
    const defined = Object.fromEntries(
      Object.entries(from).filter(([, value]) => value !== undefined && value !== ''),
    );
    const common = { container, follow, timestamps: true, ...(signal !== undefined && { signal }) };
    try {
      const after = last;
      const stream = await kube.logs({ namespace, name }, { ...common, ...defined });
      for await (const { timestamp, message } of timedLines(stream)) {
        // Kubernetes counts sinceTime in whole seconds.
        if (timestamp !== '' && timestamp <= after) continue;
        if (timestamp !== '') last = timestamp;
        yield { message, container, pod: name, namespace, timestamp };
      }
    } catch (error) {
      // The pod is gone, and its log with it.
      if (hasCode(error, 'KUBE_NOT_FOUND')) return;
      if (!follow || hasCode(error, 'KUBE_FORBIDDEN')) throw error;
    }
    if (!follow || (await ended(container, options))) return;
  }
}

/** Whether the container has ended, or its pod is gone; false when it still runs after a while. */
async function ended(container: string, { jobs, pods, findPod, signal }: RunLogOptions): Promise<boolean> {
  const settle = AbortSignal.timeout(SETTLE_MS);
  try {
    await untilFound(
      [jobs, pods],
      () => {
        const pod = findPod();
        return pod === undefined || containerState(pod, container) !== 'running' ? true : undefined;
      },
      signal === undefined ? settle : AbortSignal.any([settle, signal]),
    );
    return true;
  } catch (error) {
    if (signal?.aborted === true) throw error;
    return false;
  }
}
