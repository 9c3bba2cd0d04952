import { refKey } from './part-ref.ts';
import type { ChangeStep, InstallPlan, PlannedComponent, Step } from './plan.ts';
import { writes } from './plan.ts';
import type { InstallationRecord, RecordedComponent, RecordedPart } from './record.ts';

/** The record's own facts, beside its components. */
export type RecordFacts = Pick<InstallationRecord, 'version' | 'profile' | 'settings'>;

/**
 * The record of a plan that is being carried out, as a function of the steps that are done. What the plan
 * will touch is in it from the beginning, so that an interruption leaves nothing unrecorded.
 */
export class ProgressRecord {
  readonly #plan: InstallPlan;
  readonly #facts: RecordFacts;
  readonly #previous: InstallationRecord | undefined;
  readonly #steps: ReadonlyMap<string, Step>;
  readonly #done = new Set<string>();
  readonly #ready = new Set<string>();

  constructor(plan: InstallPlan, facts: RecordFacts, previous: InstallationRecord | undefined) {
    this.#plan = plan;
    this.#facts = facts;
    this.#previous = previous;
    this.#steps = new Map(plan.steps.map((step) => [step.id, step]));
    // What needs no work is done before the beginning.
    for (const step of plan.steps) if (step.kind === 'change' && !writes(step)) this.#done.add(step.id);
  }

  /** Notes a step as done. @returns the id of its component when that is now ready, once. */
  finish(step: Step): string | undefined {
    this.#done.add(step.id);
    const planned = this.#plan.components.find((candidate) => candidate.steps.includes(step.id));
    if (planned?.steps.every((id) => this.#done.has(id)) !== true) return undefined;
    const { id } = planned.component;
    if (this.#ready.has(id)) return undefined;
    this.#ready.add(id);
    return id;
  }

  get isDone(): boolean {
    return this.#plan.steps.every((step) => this.#done.has(step.id));
  }

  current(): InstallationRecord {
    const removing = this.#removing();
    const wanted = this.#plan.components.map((planned) => this.#component(planned, removing));
    const ids = new Set(wanted.map((component) => component.id));
    const leaving = (this.#previous?.components ?? []).flatMap((component): RecordedComponent[] => {
      const parts = ids.has(component.id) ? [] : (removing.get(component.id) ?? []);
      return parts.length === 0 ? [] : [{ ...component, state: 'pending', parts }];
    });
    return {
      state: this.isDone ? 'installed' : 'installing',
      ...this.#facts,
      components: [...wanted, ...leaving],
    };
  }

  #component(
    { component, adopted, steps }: PlannedComponent,
    removing: ReadonlyMap<string, RecordedPart[]>,
  ): RecordedComponent {
    const own = steps.flatMap((id) => this.#steps.get(id) ?? []);
    const changes = own.filter((step): step is ChangeStep => step.kind === 'change');
    const isApplied = changes.every((step) => this.#done.has(step.id));
    const isReady = own.every((step) => this.#done.has(step.id));
    return {
      id: component.id,
      ...(component.plugin === undefined ? {} : { plugin: component.plugin }),
      needs: component.needs,
      ...(adopted ? { adopted } : {}),
      state: isReady ? 'ready' : isApplied ? 'applied' : 'pending',
      parts: [...changes.map((step) => this.#part(step)), ...(removing.get(component.id) ?? [])],
    };
  }

  #part(step: ChangeStep): RecordedPart {
    return {
      ref: step.ref,
      digest: step.digest ?? '',
      state: this.#done.has(step.id) ? 'applied' : 'pending',
      ...(step.late === true ? { late: true } : {}),
      ...(step.action === 'adopt' ? { adopted: true } : {}),
    };
  }

  /** Recorded parts that the plan removes and that are still there, by component. */
  #removing(): ReadonlyMap<string, RecordedPart[]> {
    const going = new Set(
      this.#plan.steps.flatMap((step) =>
        step.kind === 'change' && step.action === 'remove' && !this.#done.has(step.id)
          ? [refKey(step.ref)]
          : [],
      ),
    );
    return new Map(
      (this.#previous?.components ?? []).map((component) => [
        component.id,
        component.parts.flatMap((part) =>
          going.has(refKey(part.ref)) ? [{ ...part, state: 'removing' as const }] : [],
        ),
      ]),
    );
  }
}
