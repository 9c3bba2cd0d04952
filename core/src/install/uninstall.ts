import { sharedSignal } from '../kernel/deadline.ts';
import type { Kube } from '../ports/kube.ts';
import { assertExecutable } from './apply.ts';
import { executorFor, type PartExecutors } from './executor.ts';
import { executorsFor } from './install.ts';
import { isNamespace, refKey, refText, type PartRef } from './part-ref.ts';
import type { ChangeStep } from './plan.ts';
import type { OnInstallEvent } from './progress.ts';
import { RecordWriter, type InstallationRecord } from './record.ts';
import { removalSteps } from './removal.ts';
import { runSteps } from './run-steps.ts';

/** Where to uninstall from. */
export interface UninstallOptions {
  readonly kube: Kube;
  /** The platform's own namespace. */
  readonly namespace: string;
  readonly executors?: PartExecutors;
  readonly signal: AbortSignal;
  readonly onEvent?: OnInstallEvent;
}

/** What an uninstall has done, as the cluster shows it afterwards. */
export interface UninstallReport {
  /** Recorded parts that the cluster no longer has. */
  readonly removed: number;
  /** What was there before, made by others: used, and left as it is. */
  readonly adopted: readonly string[];
  /** What has stayed for a reason. */
  readonly kept: readonly { readonly what: string; readonly why: string }[];
  /** Recorded parts that are still there although nothing was to keep them; empty when all went well. */
  readonly left: readonly PartRef[];
}

/**
 * Removes what was recorded, in reverse, and nothing that was adopted; the platform's namespace, and the
 * record with it, comes last. After an interruption it goes on. In the end the cluster is compared with the record.
 * @returns undefined when nothing is installed.
 */
export async function uninstall(options: UninstallOptions): Promise<UninstallReport | undefined> {
  const { kube, namespace, onEvent } = options;
  const signal = sharedSignal(options.signal);
  const executors = executorsFor(kube, options.executors);
  const writer = await RecordWriter.open(kube, namespace, signal);
  const { record } = writer;
  if (record === undefined) return undefined;
  const progress = new UninstallRecord(record);
  const steps = planUninstall(record, namespace);
  assertExecutable(steps, executors);
  await writer.save(progress.current());
  const last = steps.find((step) => holdsRecord(step, namespace));
  const kept: { readonly what: string; readonly why: string }[] = [];
  const remove = ({ component, ref }: ChangeStep): Promise<void> => {
    const onKept = (what: string, why: string): void => {
      kept.push({ what, why });
      onEvent?.({ type: 'kept', component, what, why });
    };
    return executorFor(executors, ref.kind).remove(ref, { component, signal, onKept });
  };
  const execute = async (step: ChangeStep): Promise<void> => {
    await remove(step);
    progress.finish(step);
    await writer.save(progress.current());
  };
  const rest = steps.filter((step) => step !== last);
  await runSteps(rest, { signal, onEvent, execute: (step) => execute(step as ChangeStep) });
  if (last !== undefined) {
    await runSteps([{ ...last, after: [] }], { signal, onEvent, execute: () => remove(last) });
  }
  // Gone with its namespace, unless that was adopted.
  await writer.remove();
  return { ...(await compare(record, executors, signal)), kept };
}

/** What the cluster has now of all that was recorded. */
async function compare(
  record: InstallationRecord,
  executors: PartExecutors,
  signal: AbortSignal,
): Promise<Omit<UninstallReport, 'kept'>> {
  const adopted: string[] = [];
  const left: PartRef[] = [];
  let removed = 0;
  for (const component of record.components) {
    if (component.adopted === true) adopted.push(`component "${component.id}"`);
    for (const part of component.parts) {
      if (part.adopted === true) adopted.push(refText(part.ref));
      else if ((await executorFor(executors, part.ref.kind).observe(part.ref, signal)) === 'ours')
        left.push(part.ref);
      else removed += 1;
    }
  }
  return { removed, adopted, left };
}

/** Pure: the steps of an uninstall, the platform's own namespace last. */
export function planUninstall(record: InstallationRecord, namespace: string): readonly ChangeStep[] {
  const steps = removalSteps(record.components);
  const last = steps.find((step) => holdsRecord(step, namespace));
  if (last === undefined) return steps;
  const others = steps
    .filter((step) => step !== last)
    .map((step) => ({ ...step, after: step.after.flatMap((id) => (id === last.id ? last.after : [id])) }));
  return [...others, { ...last, after: others.map((step) => step.id) }];
}

function holdsRecord(step: ChangeStep, namespace: string): boolean {
  return isNamespace(step.ref) && step.ref.kind === 'manifest' && step.ref.name === namespace;
}

class UninstallRecord {
  readonly #record: InstallationRecord;
  readonly #gone = new Set<string>();

  constructor(record: InstallationRecord) {
    this.#record = record;
  }

  finish(step: ChangeStep): void {
    this.#gone.add(refKey(step.ref));
  }

  /** Components keep their place until all their parts are gone. */
  current(): InstallationRecord {
    const components = this.#record.components.map((component) => ({
      ...component,
      state: 'pending' as const,
      parts: component.parts.filter((part) => !this.#gone.has(refKey(part.ref))),
    }));
    return { ...this.#record, state: 'uninstalling', components };
  }
}
