import { type AppName, appObjectRef } from '../apps/app-object.ts';
import { FIELD_MANAGER } from '../apps/labels.ts';
import { templateName } from '../apps/names.ts';
import { severalProblems } from '../apps/published-errors.ts';
import { hasCode } from '../kernel/errors.ts';
import type { Deployment } from '../kube/kinds.ts';
import type { ObjectRef } from '../ports/kube.ts';
import type { Workload } from './app-state.ts';
import { certificateWarnings } from './certificate-warnings.ts';
import { routeProblems } from './claim-routes.ts';
import { type DeploymentDeps, lockOn } from './deps.ts';
import type { Diagnosis } from './diagnosis.ts';
import { goBack } from './go-back.ts';
import { lastLogLines } from './last-lines.ts';
import type { DeploymentRecord, PreviousWorkload } from './record.ts';
import { planRelease, type ReleasePlan, withoutRefs } from './release-plan.ts';
import { removeObjects } from './remove-objects.ts';
import { isComplete, rolledOut, rolloutFailed } from './rollout.ts';
import { storeStep, timestamp } from './steps.ts';

/** A rollout that is late is reported by its controller; this is how much longer is waited when nobody reports. */
const UNREPORTED_MS = 20_000;

/**
 * Makes the cluster run what the record says and waits until it serves. When it does not come up, what ran before is
 * put back and the reason thrown. Called again after an interruption, it goes on.
 */
export async function release(
  deps: DeploymentDeps,
  app: AppName,
  record: DeploymentRecord,
  signal: AbortSignal,
): Promise<void> {
  // Claims of routes are made one after the other, so that two deployments cannot both find one free.
  const { plan, previous } = await deps.locks.run(lockOn.routes, () => claim(deps, app, record, signal));
  const back = (): Promise<void> => goBack(deps, app, record.id, plan, previous, signal);
  let outcome: Outcome;
  try {
    outcome = await attempt(deps, app, plan, signal);
  } catch (error) {
    if (!isInterruption(error, signal)) await back();
    throw error;
  }
  if (outcome.diagnosis !== undefined) {
    // The log is read first: going back takes the failed instances away.
    const lines = await lastLogLines(deps, app, outcome.diagnosis, signal);
    await back();
    throw rolloutFailed(app, outcome.diagnosis, lines);
  }
  await succeed(deps, app, record, plan, outcome.warnings, signal);
}

/** True when the deployment will be taken up again, or has been ended by somebody: nothing is to be put back. */
export function isInterruption(error: unknown, signal: AbortSignal): boolean {
  return signal.aborted || hasCode(error, 'KUBE_UNREACHABLE') || hasCode(error, 'DEPLOYMENT_ENDED');
}

/** Works out what will be made, and stores what there was and what there will be, before anything is touched. */
async function claim(
  deps: DeploymentDeps,
  app: AppName,
  record: DeploymentRecord,
  signal: AbortSignal,
): Promise<{ readonly plan: ReleasePlan; readonly previous: PreviousWorkload | null }> {
  const live = await deps.kube.get<Deployment>(deploymentRef(app), signal);
  const wanted = await planRelease(deps, app, record, deps.states.get(app), signal);
  const problems = routeProblems(deps.caches, app, wanted.routes);
  if (problems.length > 0) throw severalProblems(problems);
  const plan = isSick(live, wanted, record)
    ? await planRelease(deps, app, { ...record, restart: true }, deps.states.get(app), signal)
    : wanted;
  const stored = await storeStep(
    deps.states,
    app,
    record.id,
    (present, { workload }) => ({
      record: {
        status: 'deploying',
        image: plan.image,
        previous: present.previous === undefined ? previousOf(live, workload) : present.previous,
      },
      state: {
        workload: {
          ...workload,
          objects: [...withoutRefs(workload?.objects ?? [], plan.refs), ...plan.refs],
          routes: [...new Set([...(workload?.routes ?? []), ...plan.routes])],
        },
      },
    }),
    signal,
  );
  return { plan, previous: stored.record.previous ?? null };
}

/** The same image is asked for again, and what runs of it does not serve: applying it again would change nothing. */
function isSick(
  live: Deployment | undefined,
  { deployment }: ReleasePlan,
  record: DeploymentRecord,
): boolean {
  if (live === undefined || record.status === 'deploying') return false;
  const image = ({ spec }: Deployment): string | undefined => spec.template.spec.containers[0]?.image;
  return image(live) === image(deployment) && !isComplete(live);
}

function previousOf(live: Deployment | undefined, workload: Workload | undefined): PreviousWorkload | null {
  if (live === undefined || workload?.image === undefined) return null;
  const { objects, routes } = workload;
  return { template: live.spec.template, replicas: live.spec.replicas ?? 1, objects, routes };
}

interface Outcome {
  readonly diagnosis: Diagnosis | undefined;
  readonly warnings: readonly string[];
}

async function attempt(
  deps: DeploymentDeps,
  app: AppName,
  plan: ReleasePlan,
  signal: AbortSignal,
): Promise<Outcome> {
  const options = { fieldManager: FIELD_MANAGER, signal };
  const [applied] = await Promise.all([
    deps.kube.apply(plan.deployment, options),
    ...plan.others.map((object) => deps.kube.apply(object, options)),
  ]);
  const warnings = certificateWarnings(deps, plan, signal);
  warnings.catch(() => undefined); // awaited below, unless the rollout fails first
  const diagnosis = await rolledOut(deps, app, applied, signal, deps.timeouts.deploymentMs + UNREPORTED_MS);
  return { diagnosis, warnings: diagnosis === undefined ? await warnings : [] };
}

async function succeed(
  deps: DeploymentDeps,
  app: AppName,
  record: DeploymentRecord,
  plan: ReleasePlan,
  warnings: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  const { image, stageId, user, start, routes, refs } = plan;
  const before = deps.states.get(app).workload?.objects ?? [];
  await removeObjects(deps.kube, withoutRefs(before, refs), signal);
  const changes = [
    { op: 'add', path: '/spec/imageurl', value: image },
    // Replaced as a whole: nothing of an earlier origin may stay behind.
    ...(record.origin === undefined ? [] : [{ op: 'add', path: '/spec/origin', value: record.origin }]),
  ];
  const options = { fieldManager: FIELD_MANAGER, signal };
  await deps.kube.patch(appObjectRef(app), { type: 'json', patch: changes }, options);
  const workload: Workload = {
    objects: refs,
    routes,
    image,
    user,
    ...(stageId === undefined ? {} : { stageId }),
    ...(start === undefined ? {} : { start }),
  };
  await storeStep(
    deps.states,
    app,
    record.id,
    () => ({
      record: {
        status: 'succeeded',
        finishedAt: timestamp(deps.clock.now()),
        routes,
        warnings,
        // The way back is no longer needed, and by far the largest part of a record.
        previous: undefined,
      },
      state: { workload, failure: undefined },
    }),
    signal,
  );
}

function deploymentRef({ namespace, name }: AppName): ObjectRef {
  return { apiVersion: 'apps/v1', kind: 'Deployment', namespace, name: templateName(name) };
}
