import { objectAt, objectsAt, stringAt, without, type JsonObject } from '../../json.ts';
import { decodeType } from '../../registry/codec.ts';
import { checkPreconditions, type DeleteQuery } from '../../registry/deletion.ts';
import type { Registry } from '../../registry/registry.ts';
import type { Request } from '../../registry/request.ts';
import type { Target } from '../../registry/writer.ts';
import { builtinSchema } from '../../schema/builtin.ts';
import { invalid } from '../../schema/field-error.ts';
import { timestamp } from '../../schema/time.ts';
import { badRequest, invalidObject, StatusError } from '../../status.ts';
import type { ApiObject } from '../../storage/api-object.ts';
import { readObject } from '../body.ts';
import type { Exchange } from '../exchange.ts';
import { dryRunErrors, writeRequest } from '../write-options.ts';
import { budgetsOf, takeDisruption, tooManyRequests } from './disruption-budget.ts';

/** A deletion that meets a newer version of the pod decides anew, so often at most. */
const TRIES = 20;
/** In these a pod is no use to anybody, or on its way out: no budget is asked. */
const UNGUARDED = ['Succeeded', 'Failed', 'Pending'];

type DeleteOptions = DeleteQuery & {
  readonly dryRun?: readonly string[];
  readonly ignoreStoreReadErrorWithClusterBreakingPotential?: boolean;
};

/** POST of `pods/eviction`: deletes a pod unless its disruption budget forbids it. Fails with 429 then. */
export async function evictPod(registry: Registry, exchange: Exchange, target: Target): Promise<void> {
  const asked = writeRequest(exchange, 'CreateOptions');
  const options = await readEviction(exchange, target.name, asked);
  const request = { ...asked, internal: true, dryRun: asked.dryRun || (options.dryRun ?? []).length > 0 };
  const version = options.preconditions?.resourceVersion;
  for (let tried = 1; ; tried++) {
    const pod = registry.get(target.resource, target.namespace, target.name).object;
    const answer = await evict(registry, target, pod, options, request).catch((error: unknown) => {
      const isRace = error instanceof StatusError && error.code === 409 && version === undefined;
      if (!isRace || tried === TRIES) throw error;
      return undefined;
    });
    if (answer === undefined) continue;
    exchange.sendObject(answer.code, { kind: 'Status', apiVersion: 'v1', metadata: {}, ...answer });
    return;
  }
}

/** What the eviction says of the deletion. Fails with 400 or 422. */
async function readEviction(exchange: Exchange, name: string, request: Request): Promise<DeleteOptions> {
  const given = await readObject(exchange, 'Eviction');
  const eviction = decodeType(builtinSchema('policy.v1.Eviction'), 'Eviction', given, request);
  if (stringAt(eviction, 'metadata', 'name') !== name)
    throw badRequest('name in URL does not match name in Eviction object');
  const options: DeleteOptions = objectAt(eviction, 'deleteOptions');
  if (options.ignoreStoreReadErrorWithClusterBreakingPotential === true) {
    const field = 'deleteOptions.ignoreStoreReadErrorWithClusterBreakingPotential';
    const why = 'can not be set for pod eviction, try after removing the option';
    throw invalidObject('policy', 'Eviction', name, [invalid(field, true, why)]);
  }
  const errors = dryRunErrors(options.dryRun ?? []);
  if (errors.length > 0) throw invalidObject('meta.k8s.io', 'DeleteOptions', '', errors);
  return options;
}

const SUCCESS = { status: 'Success', code: 201 } as const;
const TOO_MANY_BUDGETS = {
  status: 'Failure',
  message: 'This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.',
  code: 500,
} as const;

async function evict(
  registry: Registry,
  target: Target,
  pod: ApiObject,
  options: DeleteOptions,
  request: Request,
): Promise<typeof SUCCESS | typeof TOO_MANY_BUDGETS> {
  const phase = stringAt(pod, 'status', 'phase') ?? '';
  const isLeaving = pod.metadata.deletionTimestamp !== undefined;
  if (isLeaving || UNGUARDED.includes(phase)) {
    // One that may begin meanwhile is guarded from then on.
    await remove(registry, target, pod, options, request, !isLeaving && phase === 'Pending');
    return SUCCESS;
  }
  const [budget, ...more] = budgetsOf(registry, pod);
  if (budget === undefined) {
    await remove(registry, target, pod, options, request, false);
    return SUCCESS;
  }
  if (more.length > 0) return TOO_MANY_BUDGETS;
  const isFree = await takeDisruption(registry, budget, pod, request);
  try {
    await remove(registry, target, pod, options, request, isFree);
  } catch (error) {
    const isRace = isFree && options.preconditions?.resourceVersion === undefined;
    if (isRace && error instanceof StatusError && error.code === 409)
      throw tooManyRequests(budget.metadata.name);
    throw error;
  }
  return SUCCESS;
}

/** Says in the pod's status why, then deletes it. @param exactly only this version of it */
async function remove(
  registry: Registry,
  target: Target,
  pod: ApiObject,
  options: DeleteOptions,
  request: Request,
  exactly: boolean,
): Promise<void> {
  const { resource, namespace, name } = target;
  const { resourceVersion = '' } = pod.metadata;
  const preconditions = { ...(exactly ? { resourceVersion } : {}), ...options.preconditions };
  const query: DeleteQuery = { ...without(options, 'dryRun'), preconditions };
  if (request.dryRun) {
    await registry.delete(resource, namespace, name, query, request);
    return;
  }
  const { object } = await registry.mutate(
    target,
    request,
    (latest) => {
      checkPreconditions(resource, latest, query);
      latest['status'] = evicting(objectAt(latest, 'status'), request.now());
    },
    'unrecorded',
  );
  const { resourceVersion: written = '' } = object.metadata;
  const now = preconditions.resourceVersion === undefined ? {} : { resourceVersion: written };
  const again = { ...query, preconditions: { ...preconditions, ...now } };
  await registry.delete(resource, namespace, name, again, request);
}

function evicting(status: Readonly<JsonObject>, now: number): JsonObject {
  const others = objectsAt(status, 'conditions').filter(({ type }) => type !== 'DisruptionTarget');
  const condition = {
    ...{ type: 'DisruptionTarget', status: 'True', lastProbeTime: null, lastTransitionTime: timestamp(now) },
    ...{ reason: 'EvictionByEvictionAPI', message: 'Eviction API: evicting' },
  };
  return { ...status, conditions: [...others, condition] };
}
