import { performance } from 'node:perf_hooks';
import { spawn } from 'node:child_process';
import { webApp } from '../support/apps.ts';
import { User } from '../support/user.ts';

/** One run of the benchmarks: what was asked for, and what its figures share. */
export class Bench implements AsyncDisposable {
  /** How often a command is timed. */
  readonly runs: number;
  /** How long an endurance goes on. */
  readonly seconds: number;
  readonly #wanted: ReadonlySet<string>;
  #platform: Promise<PushedApp> | undefined;

  constructor({ runs, seconds }: Pick<Bench, 'runs' | 'seconds'>, wanted: ReadonlySet<string>) {
    this.runs = runs;
    this.seconds = seconds;
    this.#wanted = wanted;
  }

  wants(figure: string): boolean {
    return this.#wanted.has(figure);
  }

  /** A platform with one small application, made at the first call and shared by the figures. */
  platform(): Promise<PushedApp> {
    this.#platform ??= pushedApp();
    return this.#platform;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // A platform that could not be made has been told as a figure that failed, and is gone.
    const platform = await this.#platform?.catch(() => undefined);
    await platform?.user[Symbol.asyncDispose]();
  }
}

export interface PushedApp {
  readonly user: User;
  /** Of the application. */
  readonly url: string;
}

async function pushedApp(): Promise<PushedApp> {
  const user = new User();
  try {
    await user.install();
    const folder = await user.files('bench', webApp('hello from the bench'));
    const { urls } = await user.json<{ urls: string[] }>('push', '--name', 'bench', '--path', folder);
    return { user, url: urls[0] ?? '' };
  } catch (error) {
    await user[Symbol.asyncDispose]();
    throw error;
  }
}

/** Milliseconds that some work takes. */
export async function elapsedMs(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

/** Milliseconds from the start of a Node.js process to its end, which has to be a good one. */
export function processMs(args: readonly string[], env: Readonly<Record<string, string>>): Promise<number> {
  return elapsedMs(
    () =>
      new Promise<void>((done, fail) => {
        const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'ignore', 'inherit'] });
        child.on('error', fail);
        child.on('exit', (code) => {
          if (code === 0) done();
          else fail(new Error(`node ${args.join(' ')} ended with ${String(code)}`));
        });
      }),
  );
}

/** What `node -e 0` takes: the least that any command here could. */
export const emptyProcess = { what: 'node -e 0', args: ['-e', '0'] } as const;

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? NaN) + upper) / 2;
}
