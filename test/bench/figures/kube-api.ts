import { median, type Bench } from '../bench-run.ts';
import type { Figure, FigureGroup, Goal } from '../figure.ts';
import { residentMemory } from '../memory.ts';
import {
  COLLECTION,
  configMap,
  createMany,
  creates,
  gets,
  listMs,
  watchLatencyMs,
} from '../load/kube-load.ts';
import { startServers, type KubeServer, type KubeServers } from '../load/kube-servers.ts';
import { measureLoad, type Load, type Measured } from '../load/rate.ts';
import { call } from '../load/cluster-access.ts';

const LISTED = 2_000;
const STARTS = 3;

/** Loads by name; the goals are ratios to a real API server. */
const loads: Readonly<Record<string, { readonly load: () => Load; readonly goal: Goal }>> = {
  'kube-gets': { load: gets, goal: { kind: 'at least times', value: 2.5 } },
  'kube-creates': { load: creates, goal: { kind: 'at least times', value: 1.5 } },
};

/**
 * What the cluster's API does, beside the least that is as careful with the disk (JSON over TLS and LMDB), and, where
 * `KUBEBUILDER_ASSETS` names a folder with them, beside a real kube-apiserver with etcd.
 */
export const kubeApi: FigureGroup = {
  figures: {
    'kube-list': `a list of ${LISTED} ConfigMaps, from the request to its last byte`,
    'kube-list-labels': `the same with a label selector that takes a tenth of them`,
    'kube-watch': 'from sending a change to seeing it on a watch',
    'kube-gets': 'ConfigMaps read by 16 clients, and the processor time that the server takes for one',
    'kube-creates': 'ConfigMaps created by 16 clients, and the processor time that the server takes for one',
    'kube-ready': 'from the start of a cluster with 10,000 objects until it is ready',
    'kube-memory': 'resident memory of a cluster with 50,000 ConfigMaps',
  },
  async *measure(bench) {
    const names = Object.keys(this.figures).filter((name) => bench.wants(name));
    if (names.length === 0) return;
    await using servers = await startServers();
    for (const server of servers.all) await createMany(server.target, 'listed', LISTED);
    yield* lists(bench, servers);
    if (bench.wants('kube-watch')) yield* watches(servers);
    for (const [name, { load, goal }] of Object.entries(loads)) {
      if (bench.wants(name)) yield* rates(servers, name, load, goal);
    }
    if (bench.wants('kube-ready')) yield await ready(servers);
    if (bench.wants('kube-memory')) yield await memory(servers);
  },
};

async function* lists(bench: Bench, { cluster, bare, real }: KubeServers): AsyncIterable<Figure> {
  const paths = { 'kube-list': ['', 20], 'kube-list-labels': ['?labelSelector=tenth%3D3', 10] } as const;
  for (const [name, [query, goalMs]] of Object.entries(paths)) {
    if (!bench.wants(name)) continue;
    // A skeleton has no selectors.
    const baseline = real ?? (query === '' ? bare : undefined);
    const times = await inTurn([cluster, ...(baseline === undefined ? [] : [baseline])], ({ target }) =>
      listMs(target, `${COLLECTION}${query}`, query === '' ? LISTED : LISTED / 10),
    );
    yield {
      ...{ name, unit: 'ms', measured: median(times[0] ?? []), runs: times[0]?.length ?? 0 },
      ...(baseline === undefined ? {} : { baseline: { what: baseline.what, value: median(times[1] ?? []) } }),
      goal: { kind: 'below', value: goalMs },
    };
  }
}

async function* watches({ cluster, real }: KubeServers): AsyncIterable<Figure> {
  const measured = await watchLatencyMs(cluster.target);
  yield {
    ...{ name: 'kube-watch', unit: 'ms', measured: median(measured), runs: measured.length },
    ...(real === undefined
      ? {}
      : { baseline: { what: real.what, value: median(await watchLatencyMs(real.target)) } }),
    goal: { kind: 'below', value: 8 },
  };
}

/** Beside each of the others in turn: their rate, then the processor time of a request. */
async function* rates(
  servers: KubeServers,
  name: string,
  load: () => Load,
  goal: Goal,
): AsyncIterable<Figure> {
  for (const server of servers.all)
    await call(server.target, 'POST', COLLECTION, configMap('read')).catch(exists);
  for (const other of servers.all) {
    if (other === servers.cluster) continue;
    const baseline = await measureLoad(other.target, load(), other.pids());
    const measured = await measureLoad(servers.cluster.target, load(), servers.cluster.pids());
    const value = (of: Measured) => ({ what: other.what, value: of.perSecond });
    yield {
      ...{ name, unit: '/s', measured: measured.perSecond, runs: 1, baseline: value(baseline) },
      ...(other === servers.real ? { goal } : {}),
    };
    yield {
      ...{ name: `${name} CPU`, unit: 'ms', measured: measured.cpuMs, runs: 1 },
      baseline: { what: other.what, value: baseline.cpuMs },
    };
  }
}

function exists(error: unknown): void {
  if (!String(error).includes(': 409 ')) throw error; // the figure before has made it
}

async function ready({ cluster, process }: KubeServers): Promise<Figure> {
  await process.reset();
  await createMany(cluster.target, 'stored', 10_000);
  const times: number[] = [];
  for (let run = 0; run < STARTS; run += 1) {
    await process.kill();
    const start = performance.now();
    await process.start();
    times.push(performance.now() - start);
  }
  return {
    ...{ name: 'kube-ready', unit: 'ms', measured: median(times), runs: times.length },
    goal: { kind: 'below', value: 1_500 },
  };
}

async function memory({ cluster, process }: KubeServers): Promise<Figure> {
  await process.reset();
  const before = (await residentMemory(process.pid))?.nowMb ?? NaN;
  await createMany(cluster.target, 'stored', 50_000);
  const measured = (await residentMemory(process.pid))?.nowMb ?? NaN;
  return {
    ...{
      name: 'kube-memory',
      unit: 'MB',
      measured,
      runs: 1,
      baseline: { what: 'empty cluster', value: before },
    },
    goal: { kind: 'below', value: 500 },
  };
}

/** Some runs of each, turn by turn, so that whatever else the machine does falls on all. */
async function inTurn(
  servers: readonly KubeServer[],
  run: (server: KubeServer) => Promise<number>,
): Promise<readonly number[][]> {
  const times = servers.map((): number[] => []);
  for (let turn = -5; turn < 15; turn += 1) {
    for (const [index, server] of servers.entries()) {
      const ms = await run(server);
      if (turn >= 0) times[index]?.push(ms);
    }
  }
  return times;
}
