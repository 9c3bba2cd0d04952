import { readFileSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import { Pool, type Dispatcher } from 'undici';

/** Node.js compiles what is hot meanwhile. */
const WARM_UP_MS = 2_000;
const MEASURED_MS = 3_000;
/** Linux tells the time of a process in hundredths of a second. */
const TICK_MS = 10;

/** Where load goes: an address, and how to be believed there. */
export interface Target {
  /** Scheme, host and port. */
  readonly origin: string;
  readonly tls: {
    readonly ca?: string;
    readonly cert?: string;
    readonly key?: string;
    /** The name to verify, where it is not the origin's. */
    readonly servername?: string;
    readonly rejectUnauthorized?: boolean;
  };
  /** Go with every request. */
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Load {
  readonly connections: number;
  /** The next request. */
  readonly request: () => Pick<Dispatcher.RequestOptions, 'path' | 'method' | 'body'> & {
    readonly headers?: Readonly<Record<string, string>>;
  };
  readonly status: number;
}

export interface Measured {
  readonly perSecond: number;
  /** Processor time of the server for one request; NaN where the system does not tell. */
  readonly cpuMs: number;
}

/** Requests that are answered in a second, by clients that each wait for one answer before they ask again. */
export async function requestsPerSecond(target: Target, load: Load): Promise<number> {
  return (await measureLoad(target, load, [])).perSecond;
}

/** The same, with what it costs the server's processes. */
export async function measureLoad(
  { origin, tls, headers }: Target,
  { connections, request, status }: Load,
  pids: readonly number[],
): Promise<Measured> {
  const pool = new Pool(origin, { connections, pipelining: 1, connect: { ...tls, timeout: 5_000 } });
  const start = performance.now() + WARM_UP_MS;
  const end = start + MEASURED_MS;
  let answered = 0;
  let cpuBefore = NaN;
  const client = async (): Promise<void> => {
    while (performance.now() < end) {
      const next = request();
      const { statusCode, body } = await pool.request({ ...next, headers: { ...headers, ...next.headers } });
      const text = await body.text();
      if (statusCode !== status) throw new Error(`${origin} answered ${statusCode}: ${text}`);
      if (performance.now() < start || performance.now() >= end) continue;
      if (answered === 0) cpuBefore = cpuMs(pids);
      answered += 1;
    }
  };
  try {
    await Promise.all(Array.from({ length: connections }, client));
    return { perSecond: answered / (MEASURED_MS / 1_000), cpuMs: (cpuMs(pids) - cpuBefore) / answered };
  } finally {
    await pool.destroy();
  }
}

function cpuMs(pids: readonly number[]): number {
  let ticks = 0;
  for (const pid of pids) {
    try {
      const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
        .replace(/^.*\) /s, '')
        .split(' ');
      ticks += Number(fields[11]) + Number(fields[12]);
    } catch {
      return NaN; // not Linux
    }
  }
  return pids.length === 0 ? NaN : ticks * TICK_MS;
}
