import { once } from 'node:events';
import { performance } from 'node:perf_hooks';
import { Pool } from 'undici';
import type { Load, Target } from './rate.ts';

export const COLLECTION = '/api/v1/namespaces/default/configmaps';
const CONNECTIONS = 16;
const CHANGES = 200;

export function configMap(name: string, index = 0): object {
  const metadata = { name, labels: { tenth: String(index % 10) } };
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { text: 'x'.repeat(500) } };
}

export function gets(): Load {
  return {
    connections: CONNECTIONS,
    request: () => ({ path: `${COLLECTION}/read`, method: 'GET' }),
    status: 200,
  };
}

export function creates(): Load {
  let made = 0;
  const run = performance.now().toString(36).replace('.', '-');
  return {
    connections: CONNECTIONS,
    request: () => create(`created-${run}-${(made += 1)}`, made),
    status: 201,
  };
}

function create(name: string, index: number) {
  const headers = { 'content-type': 'application/json' };
  return { path: COLLECTION, method: 'POST', headers, body: JSON.stringify(configMap(name, index)) } as const;
}

/** Creates that many, as fast as the server takes them. */
export async function createMany(target: Target, prefix: string, count: number): Promise<void> {
  await using pool = open(target, CONNECTIONS);
  let next = 0;
  const client = async (): Promise<void> => {
    while (next < count) {
      const index = next++;
      const { statusCode, body } = await pool.request(create(`${prefix}-${index}`, index));
      const text = await body.text();
      if (statusCode !== 201) throw new Error(`${target.origin} answered ${statusCode}: ${text}`);
    }
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, client));
}

/** One list, to its last byte. Fails when it has not as many items as it should. */
export async function listMs(target: Target, path: string, items: number): Promise<number> {
  await using pool = open(target, 1);
  await (await pool.request({ path: '/version', method: 'GET' })).body.dump(); // the handshake is over
  const start = performance.now();
  const { statusCode, body } = await pool.request({ path, method: 'GET' });
  const bytes = Buffer.from(await body.arrayBuffer());
  const ms = performance.now() - start;
  const found = bytes.toString().split('"uid":').length - 1;
  if (statusCode !== 200 || found !== items) throw new Error(`${path}: ${statusCode} with ${found} items`);
  return ms;
}

/** Milliseconds from sending each of some changes to its arrival on a watch. */
export async function watchLatencyMs(target: Target): Promise<number[]> {
  await using pool = open(target, 2);
  const { body } = await pool.request({ path: `${COLLECTION}?watch=1&labelSelector=seen`, method: 'GET' });
  body.setEncoding('utf8');
  body.on('error', () => undefined); // ended below
  const run = Math.floor(performance.now());
  const times: number[] = [];
  for (let index = 0; index < CHANGES; index += 1) {
    const object = configMap(`seen-${run}-${index}`) as { metadata: { labels: Record<string, string> } };
    object.metadata.labels['seen'] = 'yes';
    const start = performance.now();
    const seen = arrival(body, `"seen-${run}-${index}"`);
    const answer = await pool.request({ ...create('', 0), body: JSON.stringify(object) });
    await answer.body.dump();
    if (answer.statusCode !== 201) throw new Error(`a change was answered with ${answer.statusCode}`);
    times.push((await seen) - start);
  }
  body.destroy();
  return times;
}

async function arrival(body: NodeJS.ReadableStream, name: string): Promise<number> {
  for (let text = ''; ;) {
    const [chunk] = (await once(body, 'data', { signal: AbortSignal.timeout(10_000) })) as [string];
    const at = performance.now();
    text += chunk;
    if (text.includes(name)) return at;
  }
}

function open({ origin, tls, headers }: Target, connections: number): Pool & AsyncDisposable {
  const pool = new Pool(origin, { connections, pipelining: 1, connect: { ...tls, timeout: 5_000 } });
  const composed = headers === undefined ? pool : withHeaders(pool, headers);
  return Object.assign(composed, { [Symbol.asyncDispose]: () => pool.destroy() });
}

/** Sends the headers with each request. */
function withHeaders(pool: Pool, headers: Readonly<Record<string, string>>): Pool {
  const request = pool.request.bind(pool);
  pool.request = (options: Parameters<Pool['request']>[0]) =>
    request({ ...options, headers: { ...headers, ...(options.headers as object) } });
  return pool;
}
