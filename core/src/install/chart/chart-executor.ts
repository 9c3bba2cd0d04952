import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { ChartPart, KubeObject, Part } from '../../kernel/component.ts';
import { EpinioError } from '../../kernel/errors.ts';
import type { Kube } from '../../ports/kube.ts';
import type { ExecutorContext, PartExecutor } from '../executor.ts';
import { PLUGIN_LABEL, refOf, refText, type ChartRef, type PartRef } from '../part-ref.ts';
import type { Observed } from '../plan.ts';
import { poll } from '../poll.ts';
import { applyDefinitions, removeDefinitions } from './definitions.ts';
import type { Helm } from './helm.ts';
import { readRelease, type Release } from './release.ts';

const FETCH_MS = 120_000;
/** For one operation of Helm, such as a hook's Job; readiness is what probes are for. */
const OPERATION_MINUTES = 5;
const CALL_MS = 2 * OPERATION_MINUTES * 60_000;
/** A `helm` whose installer was killed goes on by itself: it gets so long to end before its release is mended. */
const PENDING_MS = 20_000;
const HISTORY = 5;

export interface ChartExecutorOptions {
  readonly kube: Kube;
  /** Asked when the first chart needs it. */
  readonly helm: (signal: AbortSignal) => Promise<Helm>;
  /** Default 20 000. */
  readonly pendingMs?: number;
}

/** Puts Helm charts into the cluster with the `helm` program. A release is ours when its label says so. */
export class ChartExecutor implements PartExecutor {
  readonly #options: ChartExecutorOptions;

  constructor(options: ChartExecutorOptions) {
    this.#options = options;
  }

  async observe(ref: PartRef, signal: AbortSignal): Promise<Observed> {
    const release = await readRelease(this.#options.kube, asChart(ref), signal);
    if (release === undefined || release.status === 'uninstalled') return 'absent';
    if (release.component === undefined) return 'others';
    return release.status === 'uninstalling' ? 'ending' : 'ours';
  }

  async apply(part: Part, context: ExecutorContext): Promise<void> {
    if (part.kind !== 'chart') throw new RangeError(`a ${part.kind} is no chart`);
    const { component, signal } = context;
    const { release, namespace } = part;
    const what = `Component "${component}": ${refText(refOf(part))}`;
    const helm = await this.#options.helm(signal);
    await this.#settle(helm, part, what, signal);
    await using chart = await fetchChart(helm, part, what, signal);
    const definitions = await definitionsOf(helm, chart.path, what, signal);
    await applyDefinitions(this.#options.kube, release, definitions, context);
    await helm.run(`${what} could not be installed`, {
      args: [
        ...['upgrade', release, chart.path, '--install', '--skip-crds', '--namespace', namespace],
        ...['--values', '-', '--history-max', String(HISTORY), '--timeout', `${OPERATION_MINUTES}m`],
        ...['--labels', `${PLUGIN_LABEL}=${component}`],
      ],
      input: JSON.stringify(part.values),
      timeoutMs: CALL_MS,
      signal,
    });
  }

  async remove(ref: PartRef, context: ExecutorContext): Promise<void> {
    const { namespace, release } = asChart(ref);
    const { kube } = this.#options;
    const { component, signal } = context;
    const found = await readRelease(kube, { namespace, release }, signal);
    if (found !== undefined && found.component === undefined) return;
    if (found !== undefined && found.status !== 'uninstalled') {
      const helm = await this.#options.helm(signal);
      await uninstall(helm, { namespace, release }, `Component "${component}": ${refText(ref)}`, signal);
    }
    await removeDefinitions(kube, { namespace, release }, context);
  }

  /** Helm refuses to touch a release that an earlier run left half-made: it is waited for, then mended. */
  async #settle(helm: Helm, part: ChartPart, what: string, signal: AbortSignal): Promise<void> {
    const { kube, pendingMs = PENDING_MS } = this.#options;
    const read = (): Promise<Release | undefined> => readRelease(kube, part, signal);
    if (!isUnsettled(await read())) return;
    await poll(async () => (isUnsettled(await read()) ? 'still under way' : undefined), {
      timeoutMs: pendingMs,
      signal,
      code: 'CHART_PENDING',
      message: `${what} was left under way by an earlier run, which did not end`,
    }).catch((error: unknown) => {
      if (signal.aborted || !(error instanceof EpinioError)) throw error;
    });
    const release = await read();
    if (release === undefined || !isUnsettled(release)) return;
    const { lastDeployed, status } = release;
    if (lastDeployed === undefined || status === 'uninstalling') {
      await uninstall(helm, part, what, signal);
      return;
    }
    const { namespace } = part;
    await helm.run(`${what} could not be brought back to revision ${lastDeployed}`, {
      args: ['rollback', part.release, String(lastDeployed), '--namespace', namespace],
      timeoutMs: CALL_MS,
      signal,
    });
  }
}

function isUnsettled(release: Release | undefined): boolean {
  return release !== undefined && /^pending-|^uninstalling$/.test(release.status);
}

async function uninstall(
  helm: Helm,
  { namespace, release }: Pick<ChartRef, 'namespace' | 'release'>,
  what: string,
  signal: AbortSignal,
): Promise<void> {
  await helm.run(`${what} could not be removed`, {
    args: [
      ...['uninstall', release, '--namespace', namespace, '--ignore-not-found', '--wait'],
      ...['--timeout', `${OPERATION_MINUTES}m`],
    ],
    timeoutMs: CALL_MS,
    signal,
  });
}

interface FetchedChart extends AsyncDisposable {
  /** A folder or a `.tgz` of this machine. */
  readonly path: string;
}

/** Fetches a chart once, for all that is asked of it; one of this machine is used where it is. */
async function fetchChart(
  helm: Helm,
  { chart, repository, version, release, namespace }: ChartPart,
  what: string,
  signal: AbortSignal,
): Promise<FetchedChart> {
  if (repository === undefined && !chart.startsWith('oci://'))
    return { path: chart, [Symbol.asyncDispose]: async () => undefined };
  const folder = join(helm.folder, `${namespace}-${release}`);
  const where = repository ?? 'its registry';
  await helm.run(`${what}: chart "${chart}" could not be fetched from ${where}`, {
    args: [
      ...['pull', chart, '--destination', folder],
      ...(repository === undefined ? [] : ['--repo', repository]),
      ...(version === undefined ? [] : ['--version', version]),
    ],
    timeoutMs: FETCH_MS,
    signal,
  });
  const [file] = (await readdir(folder)).filter((name) => name.endsWith('.tgz'));
  if (file === undefined)
    throw new EpinioError('HELM_FAILED', `${what}: helm fetched no chart file`, { fault: 'system' });
  return {
    path: join(folder, file),
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
}

async function definitionsOf(
  helm: Helm,
  chart: string,
  what: string,
  signal: AbortSignal,
): Promise<readonly KubeObject[]> {
  const text = await helm.run(`${what}: the chart cannot be read`, {
    args: ['show', 'crds', chart],
    timeoutMs: FETCH_MS,
    signal,
  });
  const { parseAllDocuments } = await import('yaml'); // not with every command
  return parseAllDocuments(text)
    .map((document) => document.toJS() as unknown)
    .filter((object): object is KubeObject => typeof object === 'object' && object !== null);
}

function asChart(ref: PartRef): ChartRef {
  if (ref.kind !== 'chart') throw new RangeError(`a ${ref.kind} is no chart`);
  return ref;
}
