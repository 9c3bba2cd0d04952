import type { Problem } from './problem.ts';

/** One thing to be made: what it gives and what it must wait for, all by token id. */
export interface GraphNode {
  /** As a person knows it: `plugin "door"`. */
  readonly name: string;
  readonly provides: string;
  readonly needs: readonly { readonly token: string; readonly optional: boolean }[];
  /** Where the node was asked for. */
  readonly origin?: string;
}

/** The nodes in an order in which each comes after all it needs; complete only when there is no problem. */
export interface Ordered<N extends GraphNode> {
  readonly sorted: readonly N[];
  readonly problems: readonly Problem[];
}

/**
 * Orders nodes by their needs and finds what makes that impossible: two providers of one token, a need
 * that nobody meets, a cycle (named as a path). Nodes without a reason to move keep the order they came
 * in. `given` are the tokens that are there already.
 */
export function order<N extends GraphNode>(nodes: readonly N[], given: ReadonlySet<string>): Ordered<N> {
  const problems: Problem[] = [];
  const providers = new Map<string, N>();
  for (const node of nodes) {
    const taken = providers.get(node.provides);
    if (taken !== undefined) problems.push(duplicate(node, taken.name));
    else if (given.has(node.provides)) problems.push(duplicate(node, 'the platform itself'));
    else providers.set(node.provides, node);
  }
  for (const node of nodes) {
    for (const need of node.needs) {
      if (!need.optional && !given.has(need.token) && !providers.has(need.token)) {
        problems.push(missing(node, need.token));
      }
    }
  }
  return { sorted: walk(nodes, providers, problems), problems };
}

/** Depth first: a node that is met again while it is still open closes a cycle. */
function walk<N extends GraphNode>(
  nodes: readonly N[],
  providers: ReadonlyMap<string, N>,
  problems: Problem[],
): N[] {
  const sorted: N[] = [];
  const done = new Set<N>();
  const open: N[] = [];
  const visit = (node: N): void => {
    if (done.has(node)) return;
    const start = open.indexOf(node);
    if (start >= 0) {
      problems.push(cycle([...open.slice(start), node]));
      return;
    }
    open.push(node);
    for (const need of node.needs) {
      const provider = providers.get(need.token);
      if (provider !== undefined) visit(provider);
    }
    open.pop();
    done.add(node);
    sorted.push(node);
  };
  for (const node of nodes) visit(node);
  return sorted;
}

function duplicate(node: GraphNode, other: string): Problem {
  return {
    code: 'PLUGIN_DUPLICATE',
    message: `"${node.provides}" is provided twice: by ${other} and by ${node.name}`,
    fix: 'keep one of them',
    ...at(node),
  };
}

function missing(node: GraphNode, token: string): Problem {
  return {
    code: 'PLUGIN_NEED_MISSING',
    message: `${capital(node.name)} needs "${token}", which nothing provides`,
    fix: `configure a component that provides "${token}"`,
    ...at(node),
  };
}

function cycle(path: readonly GraphNode[]): Problem {
  return {
    code: 'PLUGIN_CYCLE',
    message: `Components need each other in a circle: ${path.map((node) => `${node.name} ("${node.provides}")`).join(' -> ')}`,
    fix: 'replace one of them with a component that does not need the next',
    ...at(path[0]),
  };
}

function at(node: GraphNode | undefined): Pick<Problem, 'origin'> {
  return node?.origin === undefined ? {} : { origin: node.origin };
}

/** The text with an upper-case first letter, for a name at the start of a message. */
export function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
