import { performance } from 'node:perf_hooks';
import { Pool, type Dispatcher } from 'undici';

/** Node.js compiles what is hot meanwhile. */
const WARM_UP_MS = 2_000;
const MEASURED_MS = 2_000;

/** Where load goes: an address, and how to be believed there. */
export interface Target {
  /** Scheme, host and port. */
  readonly origin: string;
  readonly tls: {
    readonly ca: string;
    readonly cert?: string;
    readonly key?: string;
    /** The name to verify, where it is not the origin's. */
    readonly servername?: string;
  };
}

export interface Load {
  readonly connections: number;
  /** The next request. */
  readonly request: () => Pick<Dispatcher.RequestOptions, 'path' | 'method' | 'headers' | 'body'>;
  readonly status: number;
}

/** Requests that are answered in a second, by clients that each wait for one answer before they ask again. */
export async function requestsPerSecond(
  { origin, tls }: Target,
  { connections, request, status }: Load,
): Promise<number> {
  const pool = new Pool(origin, { connections, pipelining: 1, connect: { ...tls, timeout: 5_000 } });
  const start = performance.now() + WARM_UP_MS;
  const end = start + MEASURED_MS;
  let answered = 0;
  const client = async (): Promise<void> => {
    while (performance.now() < end) {
      const { statusCode, body } = await pool.request(request());
      const text = await body.text();
      if (statusCode !== status) throw new Error(`${origin} answered ${statusCode}: ${text}`);
      if (performance.now() >= start && performance.now() < end) answered += 1;
    }
  };
  try {
    await Promise.all(Array.from({ length: connections }, client));
    return answered / (MEASURED_MS / 1_000);
  } finally {
    await pool.destroy();
  }
}
