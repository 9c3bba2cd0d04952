import type { ConditionProbe, Detected, Part, Probe } from '../kernel/component.ts';
import { order } from '../kernel/graph.ts';
import { problemsError, type Problem } from '../kernel/problem.ts';
import type { InstallComponent } from './install-component.ts';
import {
  digestOf,
  isCrd,
  isLate,
  isNamespace,
  labelled,
  refKey,
  refOf,
  refText,
  type PartRef,
} from './part-ref.ts';
import type { InstallationRecord, RecordedComponent } from './record.ts';
import { removalSteps } from './removal.ts';

/** What the cluster has under a part's name. `ending`: it is being deleted. */
export type Observed = 'absent' | 'ours' | 'others' | 'ending';

/** What happens to a part. `adopt`: it is there, made by others, and is used and recorded as theirs. */
export type ChangeAction = 'create' | 'update' | 'unchanged' | 'adopt' | 'remove';

/** One part to be brought to its state. */
export interface ChangeStep {
  readonly kind: 'change';
  readonly id: string;
  readonly component: string;
  readonly action: ChangeAction;
  readonly ref: PartRef;
  /** What to apply; absent for `remove`, and for `unchanged` and `adopt` when nothing is written. */
  readonly part?: Part;
  /** Of the labelled part; absent for `remove`. */
  readonly digest?: string;
  /** Comes once the rest of the component is ready, and goes before it. */
  readonly late?: boolean;
  /** Ids of the steps that come before it. */
  readonly after: readonly string[];
}

/** One wait for a component. */
export interface WaitStep {
  readonly kind: 'wait';
  readonly id: string;
  readonly component: string;
  readonly probe: Probe;
  readonly after: readonly string[];
}

export type Step = ChangeStep | WaitStep;

/** All that an installation has to do, as a graph. */
export interface InstallPlan {
  /** Each after those it needs. */
  readonly components: readonly PlannedComponent[];
  /** Each after all it comes after. */
  readonly steps: readonly Step[];
}

export interface PlannedComponent {
  readonly component: InstallComponent;
  readonly adopted: boolean;
  /** Ids of its steps. */
  readonly steps: readonly string[];
}

/** All that a plan depends on. */
export interface PlanInput {
  readonly components: readonly InstallComponent[];
  /** By component id; a component without an entry is ours. */
  readonly detected?: ReadonlyMap<string, Detected>;
  readonly record?: InstallationRecord | undefined;
  /** By `refKey`, for every part that is wanted or recorded. */
  readonly observed: ReadonlyMap<string, Observed>;
}

/**
 * Pure: what to do so that the cluster has these components. A part whose recorded digest is the wanted
 * one, and that is there, is left alone. Parts that are recorded and no longer wanted are removed at the
 * end. Fails with `INSTALL_CONFLICT` when an object of others is where one of ours should be, except for
 * namespaces and custom resource definitions, which can be shared: these are adopted.
 */
export function planInstall(input: PlanInput): InstallPlan {
  const components = orderComponents(input.components);
  const recorded = new Map(input.record?.components.map((component) => [component.id, component]));
  const problems: Problem[] = [];
  const planned: PlannedComponent[] = [];
  const steps: Step[] = [];
  const last = new Map<string, readonly string[]>();
  for (const component of components) {
    const known = recorded.get(component.id);
    // What we once installed is ours, whatever it looks like from outside.
    const isOwn = known !== undefined && known.adopted !== true;
    const adopted = !isOwn && input.detected?.get(component.id)?.owner === 'other';
    const before = component.needs.flatMap((need) => last.get(need) ?? []);
    // Of a component that is someone else's, only the platform's own objects in its API are made.
    const wanted = adopted ? ownObjects(component) : component;
    const own = componentSteps(wanted, known, before, input, problems);
    steps.push(...own);
    planned.push({ component, adopted, steps: own.map((step) => step.id) });
    // Whoever needs a component without steps waits for what it waited for.
    last.set(component.id, own.length === 0 ? before : leaves(own));
  }
  if (problems.length > 0) throw problemsError('INSTALL_CONFLICT', 'The installation', problems);
  return { components: planned, steps: [...steps, ...removals(input, components, leaves(steps))] };
}

function orderComponents(components: readonly InstallComponent[]): readonly InstallComponent[] {
  const nodes = components.map((component) => ({
    component,
    name: `component "${component.id}"`,
    provides: component.id,
    needs: component.needs.map((token) => ({ token, optional: false })),
  }));
  const { sorted, problems } = order(nodes, new Set());
  if (problems.length > 0) throw problemsError('INSTALL_INVALID', 'The installation', problems);
  return sorted.map((node) => node.component);
}

function ownObjects(component: InstallComponent): InstallComponent {
  const parts = component.parts.filter(isLate);
  return { ...component, parts, probes: parts.length === 0 ? [] : component.probes };
}

/** Namespaces, then definitions, then the rest, then what comes once that is ready; then the waits. */
function componentSteps(
  component: InstallComponent,
  recorded: RecordedComponent | undefined,
  before: readonly string[],
  input: PlanInput,
  problems: Problem[],
): Step[] {
  const changes = component.parts.map((part) => change(component, part, recorded, input, problems));
  const steps: Step[] = [];
  let after = before;
  const late = new Set(component.parts.filter(isLate).map((part) => refKey(refOf(part))));
  const early = changes.filter((step) => !late.has(refKey(step.ref)));
  for (const stage of [isNamespace, isCrd, (ref: PartRef) => !isNamespace(ref) && !isCrd(ref)]) {
    const stageSteps = early.filter((step) => stage(step.ref)).map((step): Step => ({ ...step, after }));
    if (stageSteps.length === 0) continue;
    const waits = stage === isCrd ? stageSteps.flatMap((step) => established(step)) : [];
    steps.push(...stageSteps, ...waits);
    after = leaves([...stageSteps, ...waits]);
  }
  const lateSteps = changes.filter((step) => late.has(refKey(step.ref)));
  if (lateSteps.length > 0) {
    const waits = lateSteps.some(writes) ? waitsBefore(component, after) : [];
    steps.push(
      ...waits,
      ...lateSteps.map((step): Step => ({ ...step, after: waits.length === 0 ? after : leaves(waits) })),
    );
    after = lateSteps.map((step) => step.id);
  }
  const isSettled = recorded?.state === 'ready' && changes.every((step) => !writes(step));
  if (isSettled) return steps;
  const waits = component.probes.map((probe, index): WaitStep => {
    return { kind: 'wait', id: `${component.id}: probe ${index}`, component: component.id, probe, after };
  });
  return [...steps, ...waits];
}

/** For all late parts at once; each of their probes is waited for once. */
function waitsBefore(component: InstallComponent, after: readonly string[]): WaitStep[] {
  const probes = new Map<string, Probe>();
  for (const part of component.parts)
    for (const probe of part.kind === 'manifest' ? (part.onceReady ?? []) : [])
      probes.set(digestOf(probe), probe);
  return [...probes.values()].map((probe, index): WaitStep => {
    return { kind: 'wait', id: `${component.id}: once ${index}`, component: component.id, probe, after };
  });
}

function change(
  component: InstallComponent,
  wanted: Part,
  recorded: RecordedComponent | undefined,
  input: PlanInput,
  problems: Problem[],
): ChangeStep {
  const ref = refOf(wanted);
  const key = refKey(ref);
  const known = recorded?.parts.find((part) => refKey(part.ref) === key);
  const seen = input.observed.get(key) ?? 'absent';
  const part = labelled(wanted, component.id);
  const step = {
    kind: 'change' as const,
    id: `${component.id}: ${key}`,
    component: component.id,
    ref,
    digest: digestOf(part),
    ...(isLate(wanted) ? { late: true } : {}),
    after: [],
  };
  const isForeign = known?.adopted === true || (known === undefined && seen === 'others');
  if (isForeign && seen !== 'absent') {
    // A namespace gets what it needs beside what it has; a definition of others may be newer than ours.
    const isDone = known?.state === 'applied' && known.digest === step.digest;
    if (isCrd(ref) || (isNamespace(ref) && isDone)) return { ...step, action: 'adopt' };
    if (isNamespace(ref)) return { ...step, action: 'adopt', part: wanted };
    if (isLate(wanted)) return { ...step, action: 'adopt' };
    problems.push({
      code: 'INSTALL_CONFLICT',
      message: `${refText(ref)} exists and was not made by Epinio, but component "${component.id}" needs this name`,
      fix: 'remove it or rename it, then run the command again',
    });
  }
  if (seen === 'absent' || seen === 'ending') return { ...step, action: 'create', part };
  if (known?.state === 'applied' && known.digest === step.digest) return { ...step, action: 'unchanged' };
  return { ...step, action: 'update', part };
}

/** Custom resources can be applied only once the API server serves their definition. */
function established(step: Step): WaitStep[] {
  if (step.kind !== 'change' || !writes(step) || step.ref.kind !== 'manifest') return [];
  const probe: ConditionProbe = {
    kind: 'condition',
    what: `definition ${step.ref.name}`,
    apiVersion: step.ref.apiVersion,
    resourceKind: step.ref.resourceKind,
    name: step.ref.name,
    type: 'Established',
    timeoutSeconds: 60,
  };
  return [{ kind: 'wait', id: `${step.id} established`, component: step.component, probe, after: [step.id] }];
}

/** True when the step changes something in the cluster. */
export function writes(step: Step): boolean {
  return step.kind === 'change' && (step.part !== undefined || step.action === 'remove');
}

/** The steps that no other of them comes after. */
function leaves(steps: readonly Step[]): string[] {
  const followed = new Set(steps.flatMap((step) => step.after));
  return steps.filter((step) => !followed.has(step.id)).map((step) => step.id);
}

/** What is recorded and no longer wanted, in the reverse of the order it was installed in. */
function removals(
  input: PlanInput,
  components: readonly InstallComponent[],
  after: readonly string[],
): Step[] {
  const wanted = new Set(
    components.flatMap((component) => component.parts.map((part) => refKey(refOf(part)))),
  );
  const unwanted = (input.record?.components ?? []).map((component) => ({
    ...component,
    parts: component.parts.filter((part) => !wanted.has(refKey(part.ref))),
  }));
  return removalSteps(unwanted, after);
}
