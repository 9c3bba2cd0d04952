import type { Detected } from '../kernel/component.ts';
import { sharedSignal } from '../kernel/deadline.ts';
import type { Kube } from '../ports/kube.ts';
import { applyPlan, assertExecutable } from './apply.ts';
import { executorFor, type PartExecutors } from './executor.ts';
import type { InstallComponent } from './install-component.ts';
import { ManifestExecutor } from './manifest-executor.ts';
import { refKey, refOf, type PartRef } from './part-ref.ts';
import { planInstall, type InstallPlan, type Observed } from './plan.ts';
import type { RecordFacts } from './progress-record.ts';
import type { OnInstallEvent } from './progress.ts';
import { RecordWriter, type InstallationRecord } from './record.ts';

/** What is to be installed where. */
export interface InstallOptions extends RecordFacts {
  readonly kube: Kube;
  readonly components: readonly InstallComponent[];
  /** By component id; a component without an entry is ours. */
  readonly detected?: ReadonlyMap<string, Detected>;
  /** Executors for kinds of parts beside manifests. */
  readonly executors?: PartExecutors;
  readonly signal: AbortSignal;
  readonly onEvent?: OnInstallEvent;
}

/** Reads the cluster and plans; writes nothing. The namespace of the platform is `settings.namespace`. */
export async function prepareInstall(options: InstallOptions): Promise<InstallPlan> {
  return (await prepare(options)).plan;
}

/**
 * Brings the cluster to what the components are, and records it. The same again changes nothing; after an
 * interruption it goes on. @returns the plan that was carried out.
 */
export async function install(options: InstallOptions): Promise<InstallPlan> {
  const { plan, writer, executors } = await prepare(options);
  const { kube, settings, version, profile, onEvent } = options;
  const signal = sharedSignal(options.signal);
  onEvent?.({ type: 'planned', plan });
  const facts = { version, settings, ...(profile === undefined ? {} : { profile }) };
  await applyPlan(plan, { kube, executors, writer, namespace: settings.namespace, facts, signal, onEvent });
  return plan;
}

interface Prepared {
  readonly plan: InstallPlan;
  readonly writer: RecordWriter;
  readonly executors: PartExecutors;
}

async function prepare(options: InstallOptions): Promise<Prepared> {
  const signal = sharedSignal(options.signal);
  const { kube, components, settings, detected } = options;
  const executors = executorsFor(kube, options.executors);
  const writer = await RecordWriter.open(kube, settings.namespace, signal);
  const observed = await observe(components, writer.record, executors, signal);
  const plan = planInstall({
    components,
    record: writer.record,
    observed,
    ...(detected === undefined ? {} : { detected }),
  });
  assertExecutable(plan.steps, executors);
  return { plan, writer, executors };
}

/** The executors that come with core, and the caller's beside them. */
export function executorsFor(kube: Kube, more: PartExecutors = {}): PartExecutors {
  return { manifest: new ManifestExecutor(kube), ...more };
}

/** What the cluster has of all that is wanted or recorded. Kinds without an executor are left to `assertExecutable`. */
async function observe(
  components: readonly InstallComponent[],
  record: InstallationRecord | undefined,
  executors: PartExecutors,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, Observed>> {
  const refs = new Map<string, PartRef>();
  for (const component of components)
    for (const part of component.parts) refs.set(refKey(refOf(part)), refOf(part));
  for (const component of record?.components ?? [])
    for (const { ref } of component.parts) refs.set(refKey(ref), ref);
  const known = [...refs].filter(([, ref]) => executors[ref.kind] !== undefined);
  return new Map(
    await Promise.all(
      known.map(async ([key, ref]): Promise<[string, Observed]> => [
        key,
        await executorFor(executors, ref.kind).observe(ref, signal),
      ]),
    ),
  );
}
