import type { Builder, LogLine, LogOptions, StagingRequest, StagingStatus } from '../../contracts/builder.ts';
import { EpinioError } from '../../kernel/errors.ts';

interface Run {
  readonly request: StagingRequest;
  readonly lines: LogLine[];
  status: StagingStatus;
  readonly waiting: Set<() => void>;
}

/** Staging runs in memory, ended by the test or, with `automatic`, by themselves. */
export class MemoryBuilder implements Builder {
  readonly defaultImage = 'registry.test/builder:1';
  readonly runs = new Map<string, Run>();
  /** How often `start` was called, also for runs that were there. */
  starts = 0;
  automatic = true;

  async start(request: StagingRequest): Promise<void> {
    this.starts += 1;
    if (this.runs.has(request.id)) return;
    const run: Run = { request, lines: [], status: { id: request.id, phase: 'running' }, waiting: new Set() };
    this.runs.set(request.id, run);
    this.write(request.id, `building ${request.app.name}`);
    if (this.automatic) this.end(request.id, { phase: 'succeeded' });
  }

  write(id: string, message: string): void {
    const run = this.#run(id);
    const timestamp = `2026-01-01T00:00:0${run.lines.length % 10}.000000000Z`;
    run.lines.push({ message, container: 'buildpack', pod: `stage-${id}`, namespace: 'epinio', timestamp });
    this.#wake(run);
  }

  end(id: string, status: Omit<StagingStatus, 'id'>): void {
    const run = this.#run(id);
    run.status = { id, ...status };
    this.#wake(run);
  }

  async status(id: string): Promise<StagingStatus | undefined> {
    return this.runs.get(id)?.status;
  }

  async wait(id: string, signal: AbortSignal): Promise<StagingStatus> {
    const run = this.#run(id);
    while (run.status.phase === 'running') await this.#change(run, signal);
    return run.status;
  }

  async *logs(id: string, { follow = false, tailLines, signal }: LogOptions = {}): AsyncGenerator<LogLine> {
    const run = this.#run(id);
    let next = tailLines === undefined ? 0 : Math.max(0, run.lines.length - tailLines);
    for (;;) {
      const line = run.lines[next];
      if (line !== undefined) {
        next += 1;
        yield line;
      } else if (!follow || run.status.phase !== 'running' || signal?.aborted === true) {
        return;
      } else {
        await this.#change(run, signal);
      }
    }
  }

  async cancel(id: string): Promise<void> {
    const run = this.runs.get(id);
    if (run?.status.phase === 'running') this.end(id, { phase: 'failed', message: 'canceled' });
  }

  async prune(app: { namespace: string; name: string }, keep?: string): Promise<void> {
    for (const [id, { request }] of this.runs) {
      if (request.app.name === app.name && request.app.namespace === app.namespace && id !== keep)
        this.runs.delete(id);
    }
  }

  #run(id: string): Run {
    const run = this.runs.get(id);
    if (run === undefined)
      throw new EpinioError('STAGING_NOT_FOUND', `There is no staging run "${id}"`, { status: 404 });
    return run;
  }

  #wake(run: Run): void {
    for (const wake of [...run.waiting]) wake();
  }

  async #change(run: Run, signal: AbortSignal | undefined): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      const done = (): void => {
        run.waiting.delete(done);
        signal?.removeEventListener('abort', abort);
        resolve();
      };
      const abort = (): void => {
        run.waiting.delete(done);
        reject(signal?.reason);
      };
      run.waiting.add(done);
      signal?.addEventListener('abort', abort, { once: true });
    });
  }
}
