import { buildpackDirectory, buildpackName, readBuildpack, readOrder } from './buildpack.ts';
import type { Buildpack, OrderElement, OrderGroup } from './buildpack.ts';
import { EXIT, LifecycleError } from './lifecycle-error.ts';
import { readToml } from './toml.ts';

/** A component buildpack in its place in a group. */
export interface GroupElement {
  readonly buildpack: Buildpack;
  readonly optional: boolean;
}

export type Group = readonly GroupElement[];

/** Deeper than anyone nests composite buildpacks; a cycle ends here. */
const MAX_DEPTH = 16;

/**
 * Reads an order.toml and resolves composite buildpacks, depth first and left to right, into groups of
 * component buildpacks (Buildpack Interface Specification, "Order Resolution"). An optional element stays one
 * element: detection leaves it out where it fails.
 */
export function readGroups(orderFile: string, buildpacks: string): readonly Group[] {
  const toml = readToml(orderFile, EXIT.detect);
  if (toml === undefined) throw new LifecycleError(EXIT.detect, `There is no order file "${orderFile}"`);
  const known = new Map<string, Buildpack>();
  const find = (element: OrderElement): Buildpack => {
    const key = buildpackName(element);
    const found = known.get(key) ?? readBuildpack(buildpackDirectory(buildpacks, element));
    known.set(key, found);
    return found;
  };
  return resolveOrder(readOrder(toml), find);
}

/** Pure: expands an order; `find` answers the buildpack that an element names. */
export function resolveOrder(
  order: readonly OrderGroup[],
  find: (element: OrderElement) => Buildpack,
  depth = 0,
): readonly Group[] {
  return order.flatMap((group) => {
    let expanded: readonly Group[] = [[]];
    for (const element of group) {
      const choices = expand(element, find, depth);
      expanded = expanded.flatMap((head) => choices.map((tail) => [...head, ...tail]));
    }
    return expanded;
  });
}

function expand(
  element: OrderElement,
  find: (element: OrderElement) => Buildpack,
  depth: number,
): readonly Group[] {
  const buildpack = find(element);
  if (buildpack.order.length === 0) return [[{ buildpack, optional: element.optional }]];
  if (depth === MAX_DEPTH) {
    throw new LifecycleError(EXIT.detect, `Buildpack "${element.id}" contains itself in its order`);
  }
  const groups = resolveOrder(buildpack.order, find, depth + 1);
  return element.optional ? [...groups, []] : groups;
}
