import { equal, isObject, objectAt, objectsAt, stringAt, type JsonObject } from '../../json.ts';
import type { KindRules } from '../../registry/resource.ts';
import { invalid, notSupported, required, type FieldError } from '../../schema/field-error.ts';
import { dnsSubdomain, pathSegment } from '../../schema/names.ts';
import type { ApiObject } from '../../storage/api-object.ts';
import { checkBinding } from './escalation.ts';

const GROUP = 'rbac.authorization.k8s.io';

export const roleBindingRules: KindRules = {
  ...rulesFor(['Role', 'ClusterRole'], true),
  authorize: (next, current, admission) => checkBinding('rolebindings', next, current, admission),
};

export const clusterRoleBindingRules: KindRules = {
  ...rulesFor(['ClusterRole'], false),
  authorize: (next, current, admission) => checkBinding('clusterrolebindings', next, current, admission),
};

function rulesFor(roleKinds: readonly string[], namespaced: boolean): KindRules {
  return {
    nameRule: pathSegment,
    createsOnUpdate: true,

    setDefaults(binding) {
      const { roleRef } = binding;
      if (isObject(roleRef) && (roleRef['apiGroup'] ?? '') === '') roleRef['apiGroup'] = GROUP;
      for (const subject of objectsAt(binding, 'subjects')) {
        if (subject['kind'] === 'User' || subject['kind'] === 'Group') subject['apiGroup'] ??= GROUP;
      }
    },

    validate: (binding) => [
      ...validateRoleRef(binding, roleKinds),
      ...objectsAt(binding, 'subjects').flatMap((subject, index) =>
        validateSubject(subject, `subjects[${index}]`, namespaced),
      ),
    ],

    validateUpdate: (next, current) =>
      equal(next['roleRef'], current['roleRef'])
        ? []
        : [invalid('roleRef', goFieldsOf(objectAt(next, 'roleRef')), 'cannot change roleRef')],
  };
}

/** The real server shows the reference as its own type has it, not as JSON does. */
function goFieldsOf({ apiGroup, kind, name }: JsonObject): JsonObject {
  return { APIGroup: apiGroup, Kind: kind, Name: name };
}

function validateRoleRef(binding: ApiObject, kinds: readonly string[]): readonly FieldError[] {
  const { apiGroup, kind } = objectAt(binding, 'roleRef');
  const name = stringAt(binding, 'roleRef', 'name') ?? '';
  const errors: FieldError[] = [];
  if (apiGroup !== GROUP) errors.push(notSupported('roleRef.apiGroup', apiGroup, [GROUP]));
  if (!kinds.includes(String(kind))) errors.push(notSupported('roleRef.kind', kind, kinds));
  if (name === '') errors.push(required('roleRef.name'));
  else errors.push(...pathSegment(name).map((complaint) => invalid('roleRef.name', name, complaint)));
  return errors;
}

function validateSubject(subject: JsonObject, path: string, namespaced: boolean): readonly FieldError[] {
  const { kind, apiGroup = '' } = subject;
  const name = stringAt(subject, 'name') ?? '';
  const errors: FieldError[] = name === '' ? [required(`${path}.name`)] : [];
  if (kind === 'ServiceAccount') {
    if (name !== '')
      errors.push(...dnsSubdomain(name).map((complaint) => invalid(`${path}.name`, name, complaint)));
    if (apiGroup !== '') errors.push(notSupported(`${path}.apiGroup`, apiGroup, ['']));
    if (!namespaced && (stringAt(subject, 'namespace') ?? '') === '')
      errors.push(required(`${path}.namespace`));
  } else if (kind === 'User' || kind === 'Group') {
    if (apiGroup !== GROUP) errors.push(notSupported(`${path}.apiGroup`, apiGroup, [GROUP]));
  } else errors.push(notSupported(`${path}.kind`, kind, ['ServiceAccount', 'User', 'Group']));
  return errors;
}
