import type { GroupElement } from './order.ts';
import type { Table } from './toml.ts';

/** Something that one buildpack asks another for. */
export interface Requirement {
  readonly name: string;
  readonly metadata: Table;
}

/** One pairing of `provides` and `requires`: a potential build plan of one buildpack. */
export interface PlanOption {
  readonly provides: readonly string[];
  readonly requires: readonly Requirement[];
}

/** A buildpack that passed detection, with its potential plans in order of preference. */
export interface Candidate extends GroupElement {
  readonly options: readonly [PlanOption, ...PlanOption[]];
}

/** A dependency of the resolved plan: who can provide it, and what was asked. */
export interface PlanEntry {
  readonly name: string;
  /** Buildpack ids, in the group's order. */
  readonly providers: readonly string[];
  readonly requires: readonly Requirement[];
}

export interface Resolution {
  readonly group: readonly GroupElement[];
  readonly plan: readonly PlanEntry[];
}

export type Trial = { readonly resolution: Resolution } | { readonly problem: string };

interface Choice {
  readonly candidate: Candidate;
  readonly option: PlanOption;
}

/**
 * Tries one potential plan of each buildpack, left to right and depth first, and answers the first
 * combination that is valid, or why the first one was not (Buildpack Interface Specification, "Phase #1").
 */
export function resolvePlan(candidates: readonly Candidate[]): Trial {
  let problem: string | undefined;
  for (const choices of combinations(candidates)) {
    const trial = runTrial(choices);
    if ('resolution' in trial) return trial;
    problem ??= trial.problem;
  }
  return { problem: problem ?? 'no buildpack passed' };
}

function* combinations(candidates: readonly Candidate[]): Generator<readonly Choice[]> {
  const [candidate, ...rest] = candidates;
  if (candidate === undefined) {
    yield [];
    return;
  }
  for (const option of candidate.options) {
    for (const tail of combinations(rest)) yield [{ candidate, option }, ...tail];
  }
}

/** Optional buildpacks that need or offer something nobody else does are left out, until all is settled. */
function runTrial(choices: readonly Choice[]): Trial {
  let remaining = choices;
  for (;;) {
    const { entries, unmet } = match(remaining);
    if (unmet.length === 0) {
      if (remaining.length === 0) return { problem: 'no buildpack is left' };
      const group = remaining.map(({ candidate: { buildpack, optional } }) => ({ buildpack, optional }));
      return { resolution: { group, plan: entries } };
    }
    const hard = unmet.find(({ choice }) => !choice.candidate.optional);
    if (hard !== undefined) return { problem: hard.problem };
    const left = new Set(unmet.map(({ choice }) => choice));
    remaining = remaining.filter((choice) => !left.has(choice));
  }
}

interface Unmet {
  readonly choice: Choice;
  readonly problem: string;
}

function match(choices: readonly Choice[]): { entries: readonly PlanEntry[]; unmet: readonly Unmet[] } {
  const entries = new Map<string, { providers: string[]; requires: Requirement[]; unused: Choice[] }>();
  const unmet: Unmet[] = [];
  for (const choice of choices) {
    const { id } = choice.candidate.buildpack;
    for (const name of choice.option.provides) {
      const entry = entries.get(name) ?? { providers: [], requires: [], unused: [] };
      if (!entry.providers.includes(id)) entry.providers.push(id);
      entry.unused.push(choice);
      entries.set(name, entry);
    }
    for (const requirement of choice.option.requires) {
      const entry = entries.get(requirement.name);
      if (entry === undefined) {
        unmet.push({
          choice,
          problem: `"${id}" requires "${requirement.name}", which nothing before it provides`,
        });
        continue;
      }
      entry.requires.push(requirement);
      entry.unused = [];
    }
  }
  for (const [name, { unused }] of entries) {
    for (const choice of unused) {
      const { id } = choice.candidate.buildpack;
      unmet.push({ choice, problem: `"${id}" provides "${name}", which nothing requires` });
    }
  }
  return {
    entries: [...entries].map(([name, { providers, requires }]) => ({ name, providers, requires })),
    unmet,
  };
}

/**
 * The entries that a buildpack is given at build time, and, once it has run, what is left for those after it:
 * an entry is met by its first provider unless that one says otherwise in build.toml.
 */
export function entriesFor(plan: readonly PlanEntry[], id: string): readonly Requirement[] {
  return plan.filter((entry) => entry.providers.includes(id)).flatMap((entry) => entry.requires);
}

/** The plan after `id` has run; `unmet` are the names that it could not satisfy. */
export function planAfter(
  plan: readonly PlanEntry[],
  id: string,
  unmet: readonly string[],
): readonly PlanEntry[] {
  return plan.filter((entry) => !entry.providers.includes(id) || unmet.includes(entry.name));
}
