import type { Detected } from '../kernel/component.ts';
import { refText } from './part-ref.ts';
import type { ChangeAction, ChangeStep, InstallPlan } from './plan.ts';

/** The plan for a person, a line a change; what stays as it is is only counted. `detected` tells more of what is adopted. */
export function planText(plan: InstallPlan, detected: ReadonlyMap<string, Detected> = new Map()): string {
  const signs: Readonly<Record<ChangeAction, string>> = {
    create: '+',
    update: '~',
    adopt: '=',
    remove: '-',
    unchanged: ' ',
  };
  const changes = plan.steps.filter((step): step is ChangeStep => step.kind === 'change');
  const lines = changes
    .filter((step) => step.action !== 'unchanged')
    .map((step) => `${signs[step.action]} ${step.action.padEnd(6)}  ${step.component}  ${refText(step.ref)}`);
  const adopted = plan.components
    .filter((planned) => planned.adopted)
    .map(({ component: { id } }) => `= adopt   ${id}  as it is in ${placeOf(detected.get(id))}`);
  const unchanged = changes.length - lines.length;
  return [...adopted, ...lines, `${unchanged} unchanged`].join('\n');
}

function placeOf(detected: Detected | undefined): string {
  const { place = 'the cluster', version } = detected ?? {};
  return version === undefined ? place : `${place}, version ${version}`;
}
