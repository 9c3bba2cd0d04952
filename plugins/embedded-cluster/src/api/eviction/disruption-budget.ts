import { at, numberAt, objectAt, objectsAt, stringAt, type JsonObject } from '../../json.ts';
import { selectorMatches } from '../../kinds/workloads/label-selector.ts';
import type { Registry } from '../../registry/registry.ts';
import type { Request } from '../../registry/request.ts';
import type { Resource } from '../../registry/resource.ts';
import { timestamp } from '../../schema/time.ts';
import { forbiddenRequest, StatusError } from '../../status.ts';
import type { ApiObject } from '../../storage/api-object.ts';

/** Pods that were allowed to be evicted and are not seen to be gone. */
const MAX_DISRUPTED = 2000;
const RETRY_SECONDS = 10;
const VIOLATION = "Cannot evict pod as it would violate the pod's disruption budget.";

/** The disruption budgets that guard a pod. */
export function budgetsOf(registry: Registry, { metadata }: ApiObject): readonly ApiObject[] {
  const { namespace = '', labels = {} } = metadata;
  return registry
    .list(budgets(registry), {
      namespace,
      matches: (budget) => selectorMatches(at(budget, 'spec', 'selector'), labels),
    })
    .items.map(({ object }) => object);
}

/**
 * Takes a disruption from the budget of a pod, unless the pod counts for nothing in it. Fails with 429 when there is
 * none to be had, or when its controller has not yet seen the newest version.
 * @returns whether none had to be taken, which holds for this version of the pod only
 */
export async function takeDisruption(
  registry: Registry,
  budget: ApiObject,
  pod: ApiObject,
  request: Request,
): Promise<boolean> {
  if (!isReady(pod) && allowsUnready(budget)) return true;
  const { name, namespace } = budget.metadata;
  const target = { resource: budgets(registry), namespace, name, subresource: 'status' };
  // The server does this, whoever asked for the eviction.
  const own = { ...request, fieldManager: 'kube-apiserver' };
  await registry.mutate(target, own, (latest) => {
    const status = objectAt(latest, 'status');
    const allowed = checkedAllowance(latest, status);
    const disruptedPods = objectAt(status, 'disruptedPods');
    latest['status'] = {
      ...status,
      disruptionsAllowed: allowed - 1,
      disruptedPods: { ...disruptedPods, [pod.metadata.name]: timestamp(request.now()) },
      ...(allowed > 1 ? {} : { conditions: exhausted(status, request.now()) }),
    };
  });
  return false;
}

/** What an eviction is refused with while a budget is being reckoned. */
export function tooManyRequests(budget: string): StatusError {
  return refusal(`The disruption budget ${budget} is still being processed by the server.`, RETRY_SECONDS);
}

function budgets({ catalog }: Registry): Resource {
  const found = catalog.find('policy', 'v1', 'poddisruptionbudgets');
  if (found === undefined) throw new Error('the API has no disruption budgets');
  return found;
}

function isReady(pod: ApiObject): boolean {
  return objectsAt(pod, 'status', 'conditions').some(
    ({ type, status }) => type === 'Ready' && status === 'True',
  );
}

function allowsUnready(budget: ApiObject): boolean {
  if (stringAt(budget, 'spec', 'unhealthyPodEvictionPolicy') === 'AlwaysAllow') return true;
  const desired = numberAt(budget, 'status', 'desiredHealthy') ?? 0;
  return desired > 0 && (numberAt(budget, 'status', 'currentHealthy') ?? 0) >= desired;
}

/** How many disruptions there are: one at least. Fails with 403 or 429. */
function checkedAllowance({ metadata }: ApiObject, status: Readonly<JsonObject>): number {
  const { name, generation = 0 } = metadata;
  if ((numberAt(status, 'observedGeneration') ?? 0) < generation) throw tooManyRequests(name);
  const allowed = numberAt(status, 'disruptionsAllowed') ?? 0;
  const what = { group: 'policy', resource: 'poddisruptionbudget' };
  if (allowed < 0) throw forbiddenRequest(what, name, 'pdb disruptions allowed is negative');
  if (Object.keys(objectAt(status, 'disruptedPods')).length > MAX_DISRUPTED) {
    const why = 'DisruptedPods map too big - too many evictions not confirmed by PDB controller';
    throw forbiddenRequest(what, name, why);
  }
  if (allowed === 0) throw refusal(whyNone(name, status));
  return allowed;
}

function whyNone(name: string, status: Readonly<JsonObject>): string {
  const [condition] = objectsAt(status, 'conditions').filter(
    (each) => each['type'] === 'DisruptionAllowed' && each['status'] === 'False' && each['message'] !== '',
  );
  const { reason = '', message = '' } = (condition ?? {}) as Readonly<Record<string, string>>;
  const [healthy, desired] = ['currentHealthy', 'desiredHealthy'].map(
    (field) => numberAt(status, field) ?? 0,
  );
  const budget = `The disruption budget ${name}`;
  if (reason === 'SyncFailed')
    return `${budget} does not allow evicting pods currently because it failed sync: ${message}`;
  if ((healthy ?? 0) <= (desired ?? 0))
    return `${budget} needs ${desired ?? 0} healthy pods and has ${healthy ?? 0} currently`;
  if (condition !== undefined)
    return `${budget} does not allow evicting pods currently (${reason}): ${message}`;
  return `${budget} does not allow evicting pods currently`;
}

function exhausted(status: Readonly<JsonObject>, now: number): readonly JsonObject[] {
  const others = objectsAt(status, 'conditions').filter(({ type }) => type !== 'DisruptionAllowed');
  const observedGeneration = numberAt(status, 'observedGeneration') ?? 0;
  const condition = { type: 'DisruptionAllowed', status: 'False', reason: 'InsufficientPods', message: '' };
  return [...others, { ...condition, observedGeneration, lastTransitionTime: timestamp(now) }];
}

function refusal(message: string, retryAfterSeconds?: number): StatusError {
  return new StatusError(429, 'TooManyRequests', VIOLATION, {
    causes: [{ reason: 'DisruptionBudget', message }],
    ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
  });
}
