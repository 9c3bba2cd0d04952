import type { AppName } from '../apps/app-object.ts';
import { FIELD_MANAGER } from '../apps/labels.ts';
import type { Deployment } from '../kube/kinds.ts';
import type { DeploymentDeps } from './deps.ts';
import type { PreviousWorkload } from './record.ts';
import { type ReleasePlan, withoutRefs } from './release-plan.ts';
import { removeObjects } from './remove-objects.ts';
import { rolledOut } from './rollout.ts';
import { storeStep } from './steps.ts';

/** How long the old version may take to be alone again. */
const TIMEOUT_MS = 30_000;

/** Puts back what ran before a deployment; where nothing ran, takes away what was made. */
export async function goBack(
  deps: DeploymentDeps,
  app: AppName,
  id: string,
  plan: ReleasePlan,
  previous: PreviousWorkload | null,
  signal: AbortSignal,
): Promise<void> {
  if (previous !== null) await restore(deps, app, plan, previous, signal);
  const { objects, routes } = previous ?? { objects: [], routes: [] };
  await removeObjects(deps.kube, withoutRefs(plan.refs, objects), signal);
  await storeStep(deps.states, app, id, (_, { workload }) => ({
    record: {},
    state: { workload: { ...workload, objects, routes } },
  }));
}

async function restore(
  deps: DeploymentDeps,
  app: AppName,
  { deployment }: ReleasePlan,
  { template, replicas }: PreviousWorkload,
  signal: AbortSignal,
): Promise<void> {
  const { labels = {}, annotations = {} } = template.metadata ?? {};
  const restored: Deployment = {
    ...deployment,
    // Servers add a null `creationTimestamp` to templates, which they do not take back.
    spec: { ...deployment.spec, replicas, template: { ...template, metadata: { labels, annotations } } },
  };
  const applied = await deps.kube.apply(restored, { fieldManager: FIELD_MANAGER, signal });
  const problem = await rolledOut(deps, app, applied, signal, TIMEOUT_MS);
  if (problem !== undefined) {
    deps.log.warn('The version before does not serve either', { ...app, reason: problem.reason });
  }
}
