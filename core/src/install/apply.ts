import { EpinioError } from '../kernel/errors.ts';
import type { Kube } from '../ports/kube.ts';
import { executorFor, type PartExecutors } from './executor.ts';
import { isNamespace, labelled, refText, type PartRef } from './part-ref.ts';
import type { ChangeStep, InstallPlan, Step } from './plan.ts';
import { waitForProbe } from './probe.ts';
import { ProgressRecord, type RecordFacts } from './progress-record.ts';
import type { OnInstallEvent } from './progress.ts';
import type { RecordWriter } from './record.ts';
import { runSteps } from './run-steps.ts';

/** What carries out a plan. */
export interface ApplyOptions {
  readonly kube: Kube;
  readonly executors: PartExecutors;
  readonly writer: RecordWriter;
  /** The platform's own namespace, in which the record is kept. */
  readonly namespace: string;
  readonly facts: RecordFacts;
  readonly signal: AbortSignal;
  readonly onEvent?: OnInstallEvent | undefined;
}

/**
 * Carries out a plan. First the record says what is about to be touched; then each finished step is
 * recorded. After any interruption a new plan goes on from there. A plan without work writes nothing.
 */
export async function applyPlan(plan: InstallPlan, options: ApplyOptions): Promise<void> {
  const { kube, executors, writer, signal, onEvent } = options;
  assertExecutable(plan.steps, executors);
  const progress = new ProgressRecord(plan, options.facts, writer.record);
  if (!progress.isDone || writer.record === undefined) await ensureNamespace(plan, options);
  await writer.save(progress.current());
  for (const { component, steps } of plan.components) {
    if (steps.length === 0) onEvent?.({ type: 'ready', component: component.id });
  }
  // A step is done once it is recorded, so that what comes after it never runs ahead of the record.
  const execute = async (step: Step, stepSignal: AbortSignal): Promise<void> => {
    if (step.kind === 'wait') await waitForProbe(kube, step.probe, step.component, stepSignal);
    else await change(step, options, stepSignal);
    const ready = progress.finish(step);
    await writer.save(progress.current());
    if (ready !== undefined) onEvent?.({ type: 'ready', component: ready });
  };
  await runSteps(plan.steps, { signal, onEvent, execute });
}

async function change(
  step: ChangeStep,
  { executors, onEvent }: ApplyOptions,
  signal: AbortSignal,
): Promise<void> {
  const { component } = step;
  const onKept = (what: string, why: string): void => onEvent?.({ type: 'kept', component, what, why });
  const context = { component, signal, onKept };
  const executor = executorFor(executors, step.ref.kind);
  if (step.action === 'remove') await executor.remove(step.ref, context);
  else if (step.part !== undefined) await executor.apply(step.part, context);
}

/** The record needs its namespace before the plan's first step; it is made with the labels of its component. */
async function ensureNamespace(
  plan: InstallPlan,
  { executors, namespace, signal }: ApplyOptions,
): Promise<void> {
  const isOwn = (ref: PartRef): boolean =>
    isNamespace(ref) && ref.kind === 'manifest' && ref.name === namespace;
  const step = plan.steps.find((candidate) => candidate.kind === 'change' && isOwn(candidate.ref));
  if (step?.kind !== 'change') {
    const message = `No component has the platform's own namespace "${namespace}" among its parts`;
    throw new EpinioError('INSTALL_NO_NAMESPACE', message, { fault: 'system' });
  }
  if (step.action !== 'create') return;
  const object = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } };
  await executorFor(executors, 'manifest').apply(labelled({ kind: 'manifest', object }, step.component), {
    component: step.component,
    signal,
  });
}

/** Fails plainly for a kind of part that no executor knows, before anything is touched. */
export function assertExecutable(steps: readonly Step[], executors: PartExecutors): void {
  for (const step of steps) {
    if (step.kind === 'wait' || executors[step.ref.kind] !== undefined) continue;
    throw new EpinioError(
      'INSTALL_PART_UNSUPPORTED',
      `Component "${step.component}" has the ${refText(step.ref)}, and parts of kind "${step.ref.kind}" cannot be installed`,
      { fix: `choose another component in place of "${step.component}"` },
    );
  }
}
