import type { z } from 'zod';
import { checkConfig } from './config-problems.ts';
import type { Container } from './container.ts';
import { order, type GraphNode } from './graph.ts';
import type { Derivation, PlatformNode, PlatformOptions, PluginUse } from './platform.ts';
import type { AnyPlugin } from './plugin.ts';
import type { Problem } from './problem.ts';
import { token, type Needs, type Token } from './token.ts';

/** A node of the platform's graph together with how it is made. */
export interface NodePlan extends GraphNode {
  readonly node: PlatformNode;
  readonly make: (container: Container, signal: AbortSignal) => unknown;
  readonly close?: (service: unknown) => unknown;
}

/** Turns what was asked for into nodes, each after all it needs, and tells every problem. No plugin code runs. */
export function checkNodes(options: PlatformOptions): {
  readonly plans: readonly NodePlan[];
  readonly problems: readonly Problem[];
} {
  const problems: Problem[] = [];
  const named = new Map<string, PluginUse>();
  const drafts: NodePlan[] = [];
  const lists = new Map<string, { readonly list: Token<unknown>; readonly members: Token<unknown>[] }>();
  const listOf = (list: Token<unknown>): Token<unknown>[] => {
    const found = lists.get(list.id) ?? { list, members: [] };
    lists.set(list.id, found);
    return found.members;
  };
  for (const use of options.plugins) {
    const name = use.name ?? use.plugin.id;
    const taken = named.get(name);
    if (taken !== undefined) {
      problems.push(sameName(name, use, taken));
      continue;
    }
    named.set(name, use);
    const plan = pluginNode(name, use, problems);
    if (use.plugin.provides.many !== undefined) listOf(use.plugin.provides.many).push(plan.node.token);
    drafts.push(plan);
  }
  for (const derivation of options.derive ?? []) drafts.push(derivedNode(derivation));
  const allNeeds = [
    ...options.plugins.map((use) => needsOf(use.plugin)),
    ...(options.derive ?? []).map((d) => d.needs),
  ];
  for (const needs of allNeeds) {
    for (const wanted of Object.values(needs)) {
      const needed = 'optional' in wanted ? wanted.optional : wanted;
      if (needed.list === true) listOf(needed); // a list that nobody is in is there all the same
    }
  }
  for (const { list, members } of lists.values()) drafts.push(listNode(list, members));
  const given = new Set((options.ports ?? []).map((port) => port.token.id));
  const { sorted, problems: unordered } = order(drafts, given);
  return { plans: linked(sorted), problems: [...problems, ...unordered] };
}

function pluginNode(name: string, use: PluginUse, problems: Problem[]): NodePlan {
  const { plugin, origin } = use;
  const { config, problems: invalid } = checkConfig(plugin.config as z.ZodType, use.config ?? {}, {
    prefix: use.path ?? [name, 'with'],
    locate: (path, part) => use.locate?.(path.slice(use.path?.length ?? 2), part) ?? origin,
  });
  problems.push(...invalid);
  const many = plugin.provides.many !== undefined;
  // Members of a list are opened under names of their own; alone, their contract would stand for several.
  const provides = many ? token<unknown>(`${plugin.provides.id}/${name}`) : plugin.provides;
  const node = { name, kind: 'plugin' as const, token: provides, plugin, config, after: [], ...at(origin) };
  return {
    name: `plugin "${name}"`,
    provides: provides.id,
    needs: needList(needsOf(plugin)),
    node,
    make: (container): unknown => plugin.create(container.pick(needsOf(plugin)), config),
    ...at(origin),
  };
}

function derivedNode({ provides, needs, make, close }: Derivation): NodePlan {
  return {
    name: `port "${provides.id}"`,
    provides: provides.id,
    needs: needList(needs),
    node: { name: provides.id, kind: 'derived', token: provides, after: [] },
    make: (container, signal) => make(container.pick(needs), signal),
    ...(close === undefined ? {} : { close }),
  };
}

function listNode(list: Token<unknown>, members: readonly Token<unknown>[]): NodePlan {
  return {
    name: `list "${list.id}"`,
    provides: list.id,
    needs: members.map((member) => ({ token: member.id, optional: false })),
    node: { name: list.id, kind: 'list', token: list, after: [] },
    make: (container) => Object.freeze(members.map((member) => container.get(member))),
  };
}

function needsOf(plugin: AnyPlugin): Needs {
  return plugin.needs as Needs;
}

/** Fills in who comes after whom, by node name. */
function linked(sorted: readonly NodePlan[]): NodePlan[] {
  const names = new Map(sorted.map((plan) => [plan.provides, plan.node.name]));
  return sorted.map((plan) => ({
    ...plan,
    node: Object.freeze({
      ...plan.node,
      after: plan.needs.flatMap((need) => names.get(need.token) ?? []),
    }),
  }));
}

function needList(needs: Needs): GraphNode['needs'] {
  return Object.values(needs).map((need) =>
    'optional' in need ? { token: need.optional.id, optional: true } : { token: need.id, optional: false },
  );
}

function sameName(name: string, use: PluginUse, taken: PluginUse): Problem {
  return {
    code: 'PLUGIN_DUPLICATE',
    message: `Plugin "${name}" is used twice${taken.origin === undefined ? '' : `, first at ${taken.origin}`}`,
    fix: 'keep one of them, or give each a "name" of its own',
    ...at(use.origin),
  };
}

function at(origin: string | undefined): { readonly origin?: string } {
  return origin === undefined ? {} : { origin };
}
