import type { KubeObject } from '@epinio/core';
import { equal, isObject } from '../../json.ts';
import { selectorMatches } from '../../kinds/workloads/label-selector.ts';
import {
  defineController,
  follow,
  splitKey,
  type Controller,
  type ControllerContext,
} from '../machinery/controller.ts';

interface ClusterRole extends KubeObject {
  readonly rules?: readonly unknown[] | null;
  readonly aggregationRule?: { readonly clusterRoleSelectors?: readonly unknown[] };
}

const REF = { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole' };

/** Gives ClusterRoles with an aggregation rule the rules of those that carry the labels it selects. */
export function roleAggregation(context: ControllerContext): Controller {
  const roles = context.informers.open<ClusterRole>(REF);
  return defineController(context, {
    name: 'clusterrole-aggregation-controller',
    informers: [roles],
    // There are few roles, and any may select any: each change is looked at by all.
    subscribe: (queue) => [
      follow(roles, () => {
        for (const { metadata, aggregationRule } of roles.list())
          if (aggregationRule !== undefined) queue.add(`/${metadata.name}`);
      }),
    ],

    async sync(key) {
      const role = roles.get(undefined, splitKey(key).name);
      if (role?.aggregationRule === undefined) return;
      const rules = aggregated(role, roles.list());
      if (equal(rules, role.rules ?? [])) return;
      const { name } = role.metadata;
      await context.kube.apply(
        { ...REF, metadata: { name }, rules },
        {
          fieldManager: 'clusterrole-aggregation-controller',
          force: true,
        },
      );
    },
  });
}

function aggregated(role: ClusterRole, roles: readonly ClusterRole[]): readonly unknown[] {
  const rules: unknown[] = [];
  const others = roles
    .filter(({ metadata }) => metadata.name !== role.metadata.name)
    .sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
  for (const selector of role.aggregationRule?.clusterRoleSelectors ?? []) {
    if (!isObject(selector)) continue;
    for (const other of others) {
      if (!selectorMatches(selector, other.metadata.labels ?? {})) continue;
      for (const rule of other.rules ?? [])
        if (!rules.some((present) => equal(present, rule))) rules.push(rule);
    }
  }
  return rules;
}
