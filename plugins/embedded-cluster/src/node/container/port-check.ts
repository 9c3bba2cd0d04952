import { listeningPortsOf } from '../process/listening-ports.ts';
import type { ContainerRun } from '../supervisor/container-run.ts';

/** What was seen of a container's PORT. */
export interface PortFinding {
  /** Nothing to say when it listens. */
  readonly problem?: string;
  /** It listens, but elsewhere: certain, where "not yet" may be slowness. */
  readonly isElsewhere: boolean;
}

/** Looks whether the processes of a run listen on their PORT; undefined where that cannot be seen. */
export function findPort(run: ContainerRun, port: number): PortFinding | undefined {
  const processes = run.processes();
  if (processes.length === 0) return undefined;
  const ports = listeningPortsOf(processes);
  if (ports.includes(port)) return { isElsewhere: false };
  const hint = 'read the PORT environment variable';
  const [other] = ports;
  return other === undefined
    ? { isElsewhere: false, problem: `does not listen on PORT (${port}) yet; ${hint}` }
    : { isElsewhere: true, problem: `listens on port ${other} instead of PORT (${port}); ${hint}` };
}

/** Looks at some moments after the start, until the container listens, ends, or was looked at often enough. */
export async function watchPort(options: {
  readonly run: ContainerRun;
  readonly port: number;
  /** Milliseconds after the start. */
  readonly checksMs: readonly number[];
  readonly sleep: (ms: number) => Promise<void>;
  /** Called with each change. */
  readonly onFinding: (finding: PortFinding) => void;
}): Promise<void> {
  const { run, port, checksMs, sleep, onFinding } = options;
  let last: string | undefined;
  let elapsed = 0;
  for (const at of checksMs) {
    await sleep(at - elapsed);
    elapsed = at;
    const finding = findPort(run, port);
    if (finding === undefined) return;
    if (finding.problem !== last) onFinding(finding);
    last = finding.problem;
    if (finding.problem === undefined) return;
  }
}
