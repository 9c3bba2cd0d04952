import type { Part } from '../kernel/component.ts';
import type { PartRef } from './part-ref.ts';
import type { Observed } from './plan.ts';

/** For whom a part is changed, and until when. */
export interface ExecutorContext {
  /** Id of the component. */
  readonly component: string;
  readonly signal: AbortSignal;
  /** Told of what stays in the cluster although its component is removed, and why. */
  readonly onKept?: ((what: string, why: string) => void) | undefined;
}

/** Knows one kind of part: the manifest, the chart. All of it can be repeated after any interruption. */
export interface PartExecutor {
  observe(ref: PartRef, signal: AbortSignal): Promise<Observed>;
  /** Creates or updates; waits first for the end of an old one that is being deleted. */
  apply(part: Part, context: ExecutorContext): Promise<void>;
  /** Resolves when it is gone; succeeds when it already was. What is not ours by its label stays. */
  remove(ref: PartRef, context: ExecutorContext): Promise<void>;
}

/** The executors by kind of part; a kind without one cannot be installed. */
export type PartExecutors = { readonly [K in Part['kind']]?: PartExecutor };

/** The executor for a part or its reference. `assertExecutable` has made sure that there is one. */
export function executorFor(executors: PartExecutors, kind: Part['kind']): PartExecutor {
  const executor = executors[kind];
  if (executor === undefined) throw new RangeError(`no executor for parts of kind ${kind}`);
  return executor;
}
