import { fork } from 'node:child_process';

/** What a baseline server is told. */
export interface BaselineOptions {
  /** PEM. */
  readonly cert: string;
  readonly key: string;
  /** Of the server behind a proxy. */
  readonly backendPort?: number;
  /** What is appended to. */
  readonly file?: string;
}

export interface Baseline extends AsyncDisposable {
  readonly port: number;
  readonly pid: number;
}

/** Starts a program of this folder as a process of its own, as the platform's server is one. */
export async function startBaseline(program: string, options: BaselineOptions): Promise<Baseline> {
  const child = fork(program, { execArgv: ['--import', 'tsx'] });
  const ended = new Promise<void>((done) => child.once('exit', () => done()));
  child.send(options);
  const port = await Promise.race([
    new Promise<number>((listening) => child.once('message', (message) => listening(Number(message)))),
    ended.then(() => Promise.reject(new Error(`${program} ended with ${String(child.exitCode)}`))),
  ]);
  return {
    port,
    pid: child.pid ?? 0,
    async [Symbol.asyncDispose]() {
      child.kill();
      await ended;
    },
  };
}
