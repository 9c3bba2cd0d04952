import { equal, objectAt } from '../../json.ts';
import type { KindRules } from '../../registry/resource.ts';
import { invalid, type FieldError } from '../../schema/field-error.ts';
import { qualifiedName } from '../../schema/names.ts';
import { parseQuantity } from '../../schema/quantity.ts';

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
const SCOPES = [
  'Terminating',
  'NotTerminating',
  'BestEffort',
  'NotBestEffort',
  'PriorityClass',
  'CrossNamespacePodAffinity',
];

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
    ...validateScopes(objectAt(quota, 'spec')['scopes']),
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
  return errors;
}

function isHugePages(name: string): boolean {
  return name.startsWith('hugepages-') || name.startsWith('requests.hugepages-');
}

function validateScopes(scopes: unknown): readonly FieldError[] {
  const given: readonly unknown[] = Array.isArray(scopes) ? scopes : [];
  const errors = given
    .filter((scope) => !SCOPES.includes(String(scope)))
    .map(() => invalid('spec.scopes', scopes, 'unsupported scope'));
  for (const [one, other] of [
    ['BestEffort', 'NotBestEffort'],
    ['Terminating', 'NotTerminating'],
  ]) {
    if (given.includes(one) && given.includes(other))
      errors.push(invalid('spec.scopes', scopes, 'conflicting scopes'));
  }
  return errors;
}
