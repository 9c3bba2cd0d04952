import { urlCovers, type PolicyRule } from './policy-rule.ts';

/** What of `wanted` none of the `owned` rules allows, as rules of one verb and one resource each. */
export function uncovered(
  owned: readonly PolicyRule[],
  wanted: readonly PolicyRule[],
): readonly PolicyRule[] {
  return wanted.flatMap(singleRules).filter((rule) => !owned.some((owner) => covers(owner, rule)));
}

/** The rules in the words of a refusal, one a line: those that differ in their verb only are one. */
export function describeRules(rules: readonly PolicyRule[]): string {
  const compact = new Map<string, PolicyRule>();
  for (const rule of rules) {
    const { verbs, ...what } = rule;
    const key = rule.nonResourceURLs === undefined ? JSON.stringify(what) : JSON.stringify(rule);
    compact.set(key, { ...rule, verbs: [...(compact.get(key)?.verbs ?? []), ...verbs] });
  }
  return [...new Set([...compact.values()].map(describe))].sort().join('\n');
}

function describe(rule: PolicyRule): string {
  const parts = [
    ['APIGroups', rule.apiGroups],
    ['Resources', rule.resources],
    ['NonResourceURLs', rule.nonResourceURLs],
    ['ResourceNames', rule.resourceNames],
    ['Verbs', rule.verbs],
  ] as const;
  const given = parts.filter(([, values]) => values !== undefined && values.length > 0);
  return `{${given.map(([name, values]) => `${name}:${quotedList(values ?? [])}`).join(', ')}}`;
}

/** A list as Go prints it with %q. */
export function quotedList(values: readonly string[]): string {
  return `[${values.map((value) => JSON.stringify(value)).join(' ')}]`;
}

function singleRules({
  verbs,
  apiGroups = [],
  resources = [],
  resourceNames = [],
  nonResourceURLs = [],
}: PolicyRule): readonly PolicyRule[] {
  const names = resourceNames.length === 0 ? [{}] : resourceNames.map((name) => ({ resourceNames: [name] }));
  return [
    ...apiGroups.flatMap((group) =>
      resources.flatMap((resource) =>
        verbs.flatMap((verb) =>
          names.map((name) => ({ apiGroups: [group], resources: [resource], ...name, verbs: [verb] })),
        ),
      ),
    ),
    ...nonResourceURLs.flatMap((url) => verbs.map((verb) => ({ nonResourceURLs: [url], verbs: [verb] }))),
  ];
}

/** `rule` is of one verb and one resource or URL. */
function covers(owner: PolicyRule, rule: PolicyRule): boolean {
  return (
    hasAll(owner.verbs, rule.verbs) &&
    hasAll(owner.apiGroups, rule.apiGroups) &&
    (hasAll(owner.resources, rule.resources) || coversSubresource(owner.resources, rule.resources)) &&
    coversNames(owner.resourceNames ?? [], rule.resourceNames ?? []) &&
    (rule.nonResourceURLs ?? []).every((url) => owner.nonResourceURLs?.some((owned) => urlCovers(owned, url)))
  );
}

function hasAll(owned: readonly string[] = [], wanted: readonly string[] = []): boolean {
  return owned.includes('*') || wanted.every((value) => owned.includes(value));
}

function coversSubresource(owned: readonly string[] = [], wanted: readonly string[] = []): boolean {
  return wanted.every((resource) => {
    const slash = resource.indexOf('/');
    return slash >= 0 && owned.includes(`*${resource.slice(slash)}`);
  });
}

function coversNames(owned: readonly string[], wanted: readonly string[]): boolean {
  return owned.length === 0 || (wanted.length > 0 && wanted.every((name) => owned.includes(name)));
}
