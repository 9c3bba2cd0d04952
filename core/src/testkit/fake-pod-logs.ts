import { Readable } from 'node:stream';
import type { PodLogOptions } from '../ports/kube.ts';

interface LoggedLine {
  readonly text: string;
  readonly timeMs: number;
}

/** What the containers of a `FakeKube` wrote: lines with their times, and whether more can come. */
export class FakePodLogs {
  readonly #lines = new Map<string, LoggedLine[]>();
  readonly #ended = new Set<string>();
  readonly #waiting = new Set<() => void>();

  write(container: string, text: string, timeMs: number): void {
    const lines = this.#lines.get(container) ?? [];
    this.#lines.set(container, lines);
    lines.push({ text, timeMs });
    this.#wake();
  }

  /** The container has stopped: who follows its log reaches the end. */
  end(container: string): void {
    this.#ended.add(container);
    this.#wake();
  }

  stream(container: string, options: PodLogOptions, nowMs: number): Readable {
    return Readable.from(this.#read(container, options, nowMs), { objectMode: false });
  }

  async *#read(container: string, options: PodLogOptions, nowMs: number): AsyncGenerator<Buffer> {
    const { follow = false, tailLines, sinceSeconds, sinceTime, timestamps = false, signal } = options;
    const since = sinceTime === undefined ? nowMs - (sinceSeconds ?? Infinity) * 1000 : Date.parse(sinceTime);
    const all = (): readonly LoggedLine[] => this.#lines.get(container) ?? [];
    const tail = tailLines === undefined ? 0 : Math.max(0, all().length - tailLines);
    for (let next = tail; ; next += 1) {
      const isAborted = (): boolean => signal?.aborted === true;
      while (follow && next >= all().length && !this.#ended.has(container) && !isAborted())
        await this.#change(signal);
      const line = all()[next];
      if (line === undefined || isAborted()) return;
      const prefix = timestamps ? `${new Date(line.timeMs).toISOString().replace('Z', '000000Z')} ` : '';
      if (line.timeMs >= since) yield Buffer.from(`${prefix}${line.text}\n`);
    }
  }

  #change(signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        this.#waiting.delete(done);
        signal?.removeEventListener('abort', done);
        resolve();
      };
      this.#waiting.add(done);
      signal?.addEventListener('abort', done, { once: true });
    });
  }

  #wake(): void {
    for (const waiting of [...this.#waiting]) waiting();
  }
}
