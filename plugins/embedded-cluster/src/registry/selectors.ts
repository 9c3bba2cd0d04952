import type { ApiObject } from '../storage/api-object.ts';
import { parseLabels } from './label-selector.ts';

/** True for objects that a list or watch wants. */
export type Matcher = (object: ApiObject) => boolean;

/** Parses the syntax of `kubectl get -l`. @returns undefined when everything matches. Fails with 400. */
export function parseLabelSelector(text: string): Matcher | undefined {
  if (text.trim() === '') return undefined;
  const matches = parseLabels(text);
  return ({ metadata: { labels = {} } }) => matches(labels);
}

/** Both of two matchers. */
export function both(a: Matcher | undefined, b: Matcher | undefined): Matcher | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return (object) => a(object) && b(object);
}
