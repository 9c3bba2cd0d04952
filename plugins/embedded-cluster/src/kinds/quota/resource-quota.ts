import { equal, objectAt, objectsAt, textOf } from '../../json.ts';
import type { KindRules } from '../../registry/resource.ts';
import { invalid, required, type FieldError } from '../../schema/field-error.ts';
import { qualifiedName } from '../../schema/names.ts';
import { parseQuantity } from '../../schema/quantity.ts';
import type { ApiObject } from '../../storage/api-object.ts';

const STANDARD = new Set([
  'cpu',
  'memory',
  'ephemeral-storage',
  'requests.cpu',
  'requests.memory',
  'requests.storage',
  'requests.ephemeral-storage',
  'limits.cpu',
  'limits.memory',
  'limits.ephemeral-storage',
  'pods',
  'resourcequotas',
  'services',
  'replicationcontrollers',
  'secrets',
  'persistentvolumeclaims',
  'configmaps',
  'services.nodeports',
  'services.loadbalancers',
]);
/** What is counted in whole numbers. */
const COUNTED = new Set([...STANDARD].filter((name) => !/cpu|memory|storage/.test(name)));
/** What of the standard limits may be in a scope; others may be in any. */
const PODS = ['pods'];
const PODS_AND_COMPUTE = [
  'pods',
  'cpu',
  'memory',
  'limits.cpu',
  'limits.memory',
  'requests.cpu',
  'requests.memory',
];
const SCOPED: Readonly<Record<string, readonly string[]>> = {
  Terminating: PODS_AND_COMPUTE,
  NotTerminating: PODS_AND_COMPUTE,
  BestEffort: PODS,
  NotBestEffort: PODS_AND_COMPUTE,
  PriorityClass: PODS_AND_COMPUTE,
  CrossNamespacePodAffinity: PODS_AND_COMPUTE,
  VolumeAttributesClass: ['persistentvolumeclaims', 'requests.storage'],
};
const EXISTS_ONLY = [
  'BestEffort',
  'NotBestEffort',
  'Terminating',
  'NotTerminating',
  'CrossNamespacePodAffinity',
];
const EXISTS_SCOPES =
  'ResourceQuotaScopeTerminating, ResourceQuotaScopeNotTerminating, ResourceQuotaScopeBestEffort, ResourceQuotaScopeNotBestEffort or ResourceQuotaScopeCrossNamespacePodAffinity';
/** In billionths. */
const WHOLE = 1_000_000_000n;
const CONFLICTING = [
  ['BestEffort', 'NotBestEffort'],
  ['Terminating', 'NotTerminating'],
] as const;

export const resourceQuotaRules: KindRules = {
  returnsDeleted: true,
  resets: { object: { 'f:status': {} }, status: { 'f:spec': {} } },

  prepareCreate(quota) {
    quota['status'] = {};
  },

  validate: (quota) => [
    ...Object.entries(objectAt(quota, 'spec', 'hard')).flatMap(([name, amount]) =>
      validateAmount(name, amount, `spec.hard[${name}]`),
    ),
    ...validateScopes(quota),
    ...validateSelector(quota),
  ],

  validateUpdate(next, current) {
    const sorted = (scopes: unknown): readonly unknown[] =>
      Array.isArray(scopes) ? scopes.map(String).sort() : [];
    const { scopes } = objectAt(next, 'spec');
    return equal(sorted(scopes), sorted(objectAt(current, 'spec')['scopes']))
      ? []
      : [invalid('spec.scopes', scopes, 'field is immutable')];
  },
};

function validateAmount(name: string, amount: unknown, path: string): readonly FieldError[] {
  const nano = parseQuantity(amount)?.nano ?? 0n;
  const errors: FieldError[] = qualifiedName(name).map((complaint) => invalid(path, name, complaint));
  if (errors.length === 0 && !name.includes('/') && !STANDARD.has(name) && !isHugePages(name)) {
    errors.push(
      invalid(path, name, 'must be a standard resource type or fully qualified'),
      invalid(path, name, 'must be a standard resource for quota'),
    );
  }
  if (nano < 0n) errors.push(invalid(path, amount, 'must be greater than or equal to 0'));
  if (COUNTED.has(name) && nano % WHOLE !== 0n) errors.push(invalid(path, amount, 'must be an integer'));
  return errors;
}

function isHugePages(name: string): boolean {
  return name.startsWith('hugepages-') || name.startsWith('requests.hugepages-');
}

function validateScopes(quota: ApiObject): readonly FieldError[] {
  const { scopes, hard } = objectAt(quota, 'spec');
  const given = Array.isArray(scopes) ? scopes.map(String) : [];
  const path = 'spec.scopes';
  return [
    ...given.flatMap((scope) => [
      ...(SCOPED[scope] === undefined ? [invalid(path, scopes, 'unsupported scope')] : []),
      ...outOfScope(scope, hard).map(() => invalid(path, scopes, 'unsupported scope applied to resource')),
    ]),
    ...conflicts(given).map(() => invalid(path, scopes, 'conflicting scopes')),
  ];
}

function validateSelector(quota: ApiObject): readonly FieldError[] {
  const { scopeSelector, scopes, hard } = objectAt(quota, 'spec');
  if (scopeSelector === undefined) return [];
  const path = 'spec.scopeSelector.matchExpressions';
  const given = objectsAt(scopeSelector, 'matchExpressions');
  return [
    ...given.flatMap(({ scopeName, operator, values }) => {
      const scope = textOf(scopeName);
      const count = Array.isArray(values) ? values.length : 0;
      return [
        ...(SCOPED[scope] === undefined
          ? [invalid(`${path}.scopeName`, scopeName, 'unsupported scope')]
          : []),
        ...outOfScope(scope, hard).map(() =>
          invalid(path, scopeSelector, 'unsupported scope applied to resource'),
        ),
        ...(EXISTS_ONLY.includes(scope) && operator !== 'Exists'
          ? [invalid(`${path}.operator`, operator, `must be 'Exists' when scope is any of ${EXISTS_SCOPES}`)]
          : []),
        ...validateOperator(operator, values, count, path),
      ];
    }),
    ...conflicts(given.map(({ scopeName }) => textOf(scopeName))).map(() =>
      invalid(path, scopes, 'conflicting scopes'),
    ),
  ];
}

function validateOperator(
  operator: unknown,
  values: unknown,
  count: number,
  path: string,
): readonly FieldError[] {
  if (operator === 'In' || operator === 'NotIn') {
    const why = "must be at least one value when `operator` is 'In' or 'NotIn' for scope selector";
    return count > 0 ? [] : [required(`${path}.values`, why)];
  }
  if (operator === 'Exists' || operator === 'DoesNotExist') {
    const why = "must be no value when `operator` is 'Exist' or 'DoesNotExist' for scope selector";
    return count === 0 ? [] : [invalid(`${path}.values`, values, why)];
  }
  return [invalid(`${path}.operator`, operator, 'not a valid selector operator')];
}

/** Standard limits that are not about what is in the scope. */
function outOfScope(scope: string, hard: unknown): readonly string[] {
  const allowed = SCOPED[scope];
  if (allowed === undefined) return [];
  return Object.keys(objectAt(hard)).filter((name) => STANDARD.has(name) && !allowed.includes(name));
}

function conflicts(scopes: readonly string[]): readonly unknown[] {
  return CONFLICTING.filter((pair) => pair.every((scope) => scopes.includes(scope)));
}
