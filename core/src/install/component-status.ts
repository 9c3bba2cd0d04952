import type { ChartPart, Detected } from '../kernel/component.ts';
import type { Kube } from '../ports/kube.ts';
import { executorFor, type PartExecutors } from './executor.ts';
import type { InstallComponent } from './install-component.ts';
import { executorsFor } from './install.ts';
import { refText, type PartRef } from './part-ref.ts';
import { missing } from './probe.ts';
import type { InstallationRecord, RecordedComponent } from './record.ts';

/** One component as the cluster has it now. */
export interface ComponentStatus {
  readonly id: string;
  /** Absent for what the platform itself installs. */
  readonly contract?: string;
  /** Of what runs, as the cluster shows it, or else of its chart; absent when nobody says. */
  readonly version?: string;
  /** `others`: it was there before, and is only used. */
  readonly owner: 'epinio' | 'others';
  readonly isHealthy: boolean;
  /** What it lacks, when it is not healthy. */
  readonly why?: string;
}

export interface ComponentStatusOptions {
  readonly kube: Kube;
  /** Undefined when nothing is installed. */
  readonly record: InstallationRecord | undefined;
  /** As they are configured. */
  readonly components: readonly InstallComponent[];
  readonly detected: ReadonlyMap<string, Detected>;
  readonly executors?: PartExecutors;
  readonly signal: AbortSignal;
}

/** Looks at every component that is recorded or configured: whether all its parts are there and it can be used. */
export async function componentStatuses(
  options: ComponentStatusOptions,
): Promise<readonly ComponentStatus[]> {
  const { record, components } = options;
  const recorded = record?.components ?? [];
  const known = new Set(recorded.map(({ id }) => id));
  const missingOnes = components
    .filter(({ id }) => !known.has(id))
    .map((component): ComponentStatus => {
      return { ...facts(component, options), owner: 'epinio', isHealthy: false, why: 'it is not installed' };
    });
  return [...(await Promise.all(recorded.map((each) => status(each, options)))), ...missingOnes];
}

async function status(
  recorded: RecordedComponent,
  options: ComponentStatusOptions,
): Promise<ComponentStatus> {
  const configured = options.components.find(({ id }) => id === recorded.id);
  const own = facts(configured ?? { ...recorded, parts: [], probes: [] }, options);
  const why = await lack(recorded, configured, options);
  return {
    ...own,
    owner: recorded.adopted === true ? 'others' : 'epinio',
    isHealthy: why === undefined,
    ...(why === undefined ? {} : { why }),
  };
}

function facts(
  { id, plugin, parts }: InstallComponent,
  { detected }: ComponentStatusOptions,
): Pick<ComponentStatus, 'id' | 'contract' | 'version'> {
  const chart = parts.find((part): part is ChartPart => part.kind === 'chart');
  const version = detected.get(id)?.version ?? chart?.version;
  return {
    id,
    ...(plugin === undefined ? {} : { contract: plugin.contract }),
    ...(version === undefined ? {} : { version }),
  };
}

async function lack(
  recorded: RecordedComponent,
  configured: InstallComponent | undefined,
  options: ComponentStatusOptions,
): Promise<string | undefined> {
  const { kube, signal } = options;
  const executors = executorsFor(kube, options.executors);
  for (const { ref, adopted } of recorded.parts) {
    if (adopted === true) continue;
    const why = await partLack(ref, executors, signal);
    if (why !== undefined) return why;
  }
  for (const probe of recorded.adopted === true ? [] : (configured?.probes ?? [])) {
    const why = await missing(kube, probe, signal);
    if (why !== undefined) return `${probe.what}: ${why}`;
  }
  return recorded.state === 'ready'
    ? undefined
    : 'its installation has not come to its end: run install again';
}

async function partLack(
  ref: PartRef,
  executors: PartExecutors,
  signal: AbortSignal,
): Promise<string | undefined> {
  const seen = await executorFor(executors, ref.kind).observe(ref, signal);
  if (seen === 'ours') return undefined;
  const facts = { absent: 'is missing', ending: 'is being deleted', others: "is somebody else's now" };
  return `${refText(ref)} ${facts[seen]}`;
}
