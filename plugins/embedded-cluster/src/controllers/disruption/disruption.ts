import { hasCode, messageOf, type Condition, type Pod } from '@epinio/core';
import { equal } from '../../json.ts';
import { selectorMatches, selectorText } from '../../kinds/workloads/label-selector.ts';
import { withCondition } from '../machinery/conditions.ts';
import {
  defineController,
  follow,
  keyOf,
  refTo,
  splitKey,
  type Controller,
  type ControllerContext,
} from '../machinery/controller.ts';
import { DELETION_MS, needsScale, reckon, type Reckoning } from './budget.ts';
import type { PodDisruptionBudget } from './disruption-budget-kind.ts';
import { openScales } from './expected-scale.ts';

/** Says in the status of each PodDisruptionBudget how many of its pods may be evicted now. */
export function disruptionController(context: ControllerContext): Controller {
  const { kube, informers, clock } = context;
  const budgets = informers.open<PodDisruptionBudget>({
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
  });
  const pods = informers.open<Pod>({ apiVersion: 'v1', kind: 'Pod' });
  const scales = openScales(context);
  /** The pods of each budget when it was reckoned last. */
  const counted = new Map<string, ReadonlySet<string>>();

  return defineController(context, {
    name: 'controllermanager',
    informers: [budgets, pods, ...scales.informers],

    subscribe: (queue) => [
      follow(budgets, (budget) => queue.add(keyOf(budget))),
      follow(pods, (pod) => {
        for (const budget of budgets.list(pod.metadata.namespace)) {
          // A pod whose labels changed is of what selected it before, too.
          const key = keyOf(budget);
          if (selects(budget, pod) || counted.get(key)?.has(pod.metadata.name) === true) queue.add(key);
        }
      }),
      ...scales.informers.map((informer) =>
        follow(informer, ({ metadata }) => {
          for (const budget of budgets.list(metadata.namespace))
            if (needsScale(budget)) queue.add(keyOf(budget));
        }),
      ),
    ],

    async sync(key, { queue, events }) {
      const { namespace, name } = splitKey(key);
      const budget = budgets.get(namespace, name);
      if (budget === undefined) {
        counted.delete(key);
        return;
      }
      const selected = pods.list(namespace).filter((pod) => selects(budget, pod));
      counted.set(key, new Set(selected.map(({ metadata }) => metadata.name)));
      if (selected.length === 0) events.event(budget, 'Normal', 'NoPods', 'No matching pods found');
      let scale = 0;
      if (needsScale(budget)) {
        try {
          const found = scales.of(selected);
          scale = found.scale;
          if (found.unmanaged.length > 0)
            events.event(budget, 'Warning', 'UnmanagedPods', unmanaged(selectorText(budget.spec.selector)));
        } catch (error) {
          const message = `Failed to calculate the number of expected pods: ${messageOf(error)}`;
          events.event(budget, 'Warning', 'CalculateExpectedPodCountFailed', message);
          await write(budget, { disruptionsAllowed: 0 }, 'SyncFailed', messageOf(error));
          return;
        }
      }
      const reckoning = reckon(budget, selected, scale, clock.now());
      await write(
        budget,
        reckoning,
        reckoning.disruptionsAllowed > 0 ? 'SufficientPods' : 'InsufficientPods',
      );
      const times = Object.values(reckoning.disruptedPods).map((time) => Date.parse(time));
      if (times.length > 0)
        queue.addAfter(key, Math.max(1000, Math.min(...times) + DELETION_MS - clock.now() + 1000));
    },
  });

  async function write(
    budget: PodDisruptionBudget,
    reckoning: Partial<Reckoning>,
    reason: string,
    message = '',
  ): Promise<void> {
    const { status = {}, metadata } = budget;
    const { generation: observedGeneration = 0, resourceVersion } = metadata;
    const failed = reason === 'SyncFailed';
    const observed = failed ? (status.observedGeneration ?? 0) : observedGeneration;
    const condition = conditionOf(budget, reason, message, observed, clock.now());
    const wanted = {
      ...{ currentHealthy: 0, desiredHealthy: 0, expectedPods: 0, disruptedPods: {}, ...status },
      ...reckoning,
      observedGeneration: observed,
      conditions: [condition],
    };
    if (equal({ disruptedPods: {}, ...status }, wanted)) return;
    // What is not named any more goes: a merge keeps it.
    const gone = Object.keys(status.disruptedPods ?? {}).filter((name) => !(name in wanted.disruptedPods));
    const disruptedPods = {
      ...wanted.disruptedPods,
      ...Object.fromEntries(gone.map((name) => [name, null])),
    };
    const patch = { metadata: { resourceVersion }, status: { ...wanted, disruptedPods } };
    try {
      await kube.patch(refTo(budget), { type: 'merge', patch }, { subresource: 'status' });
    } catch (error) {
      // An eviction was faster: its change is on its way here.
      if (!hasCode(error, 'KUBE_CONFLICT') && !hasCode(error, 'KUBE_NOT_FOUND')) throw error;
    }
  }
}

function selects({ spec }: PodDisruptionBudget, { metadata }: Pod): boolean {
  return selectorMatches(spec.selector, metadata.labels ?? {});
}

function conditionOf(
  { status }: PodDisruptionBudget,
  reason: string,
  message: string,
  observedGeneration: number,
  now: number,
): Condition {
  const isAllowed = reason === 'SufficientPods' ? 'True' : 'False';
  const wanted = { type: 'DisruptionAllowed', status: isAllowed, reason, message } as const;
  const [condition] = withCondition(status?.conditions ?? [], wanted, now).filter(
    ({ type }) => type === wanted.type,
  );
  return { ...wanted, ...condition, observedGeneration };
}

function unmanaged(selector: string): string {
  return (
    `Pods selected by this PodDisruptionBudget (selector: ${selector}) were found to be unmanaged. As a result, ` +
    'the status of the PDB cannot be calculated correctly, which may result in undefined behavior. To account for ' +
    'these pods please set ".spec.minAvailable" field of the PDB to an integer value.'
  );
}
