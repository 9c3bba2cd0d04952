import { EpinioError } from '../kernel/errors.ts';
import type { LabelSelector } from './kinds.ts';

type Labels = Readonly<Record<string, string>>;

const SET = /^([^\s!=,()]+)\s+(in|notin)\s*\(([^)]*)\)$/;
const EQUALITY = /^([^\s!=,()]+)\s*(==|=|!=)\s*([^\s!=,()]*)$/;
const EXISTENCE = /^(!?)\s*([^\s!=,()]+)$/;

/**
 * Reads a label selector as it stands in a URL ("app=x,tier in (a,b),!old"); an empty one selects all.
 * Fails with `SELECTOR_INVALID`.
 */
export function parseLabelSelector(text: string): (labels: Labels | undefined) => boolean {
  const requirements = splitRequirements(text).map(parseRequirement);
  return (labels = {}) => requirements.every((holds) => holds(labels));
}

/** Whether an object's labels satisfy a selector of a spec; an empty one selects all, an absent one nothing. */
export function matchesSelector(
  selector: LabelSelector | undefined,
  labels: Labels | undefined = {},
): boolean {
  if (selector === undefined) return false;
  const equal = Object.entries(selector.matchLabels ?? {}).every(([key, value]) => labels[key] === value);
  return (
    equal &&
    (selector.matchExpressions ?? []).every(({ key, operator, values = [] }) => {
      const value = labels[key];
      if (operator === 'Exists') return value !== undefined;
      if (operator === 'DoesNotExist') return value === undefined;
      const among = value !== undefined && values.includes(value);
      return operator === 'In' ? among : !among;
    })
  );
}

/** At commas outside of parentheses. */
function splitRequirements(text: string): string[] {
  return text
    .split(/,(?![^(]*\))/)
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

function parseRequirement(text: string): (labels: Labels) => boolean {
  const set = SET.exec(text);
  if (set !== null) {
    const [, key = '', operator, list = ''] = set;
    const values = list.split(',').map((value) => value.trim());
    return (labels) => {
      const value = labels[key];
      return (value !== undefined && values.includes(value)) === (operator === 'in');
    };
  }
  const equality = EQUALITY.exec(text);
  if (equality !== null) {
    const [, key = '', operator, value] = equality;
    return (labels) => (labels[key] === value) === (operator !== '!=');
  }
  const existence = EXISTENCE.exec(text);
  if (existence !== null) {
    const [, not, key = ''] = existence;
    return (labels) => (labels[key] !== undefined) === (not === '');
  }
  throw new EpinioError(
    'SELECTOR_INVALID',
    `Label selector has a requirement that cannot be read: "${text}"`,
    {
      fix: 'Write requirements as "key=value", "key!=value", "key in (a,b)", "key notin (a,b)", "key" or "!key", joined by commas',
    },
  );
}
