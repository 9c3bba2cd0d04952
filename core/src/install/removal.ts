import { isCrd, isNamespace, refKey } from './part-ref.ts';
import type { ChangeStep } from './plan.ts';
import type { RecordedComponent, RecordedPart } from './record.ts';

/** The order in which the parts of a component go. */
const STAGES: readonly ((part: RecordedPart) => boolean)[] = [
  ({ late }) => late === true,
  ({ late, ref }) => late !== true && !isNamespace(ref) && !isCrd(ref),
  ({ late, ref }) => late !== true && isCrd(ref),
  ({ late, ref }) => late !== true && isNamespace(ref),
];

/**
 * Pure: the removal of recorded parts: components in reverse, and of each first what came last, then its objects,
 * then its definitions, then its namespaces. What was adopted is not touched.
 */
export function removalSteps(
  components: readonly RecordedComponent[],
  after: readonly string[] = [],
): ChangeStep[] {
  const steps: ChangeStep[] = [];
  let before = after;
  for (const component of components.toReversed()) {
    const parts = component.parts.filter((part) => part.adopted !== true);
    for (const stage of STAGES) {
      const stageSteps = parts.filter(stage).map((part) => removal(component.id, part, before));
      if (stageSteps.length === 0) continue;
      steps.push(...stageSteps);
      before = stageSteps.map((step) => step.id);
    }
  }
  return steps;
}

function removal(component: string, part: RecordedPart, after: readonly string[]): ChangeStep {
  return {
    kind: 'change',
    id: `remove ${component}: ${refKey(part.ref)}`,
    component,
    action: 'remove',
    ref: part.ref,
    after,
  };
}
