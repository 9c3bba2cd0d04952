import { copy, equal, isObject, objectAt, objectsAt, stringAt, type JsonObject } from '../../json.ts';
import type { Admission, KindRules } from '../../registry/resource.ts';
import { forbidden, invalid, notSupported, required, type FieldError } from '../../schema/field-error.ts';
import { dns1035Label, dnsSubdomain } from '../../schema/names.ts';
import type { ApiObject } from '../../storage/api-object.ts';
import { specOf } from '../workloads/pod-template.ts';
import { versionErrors } from './version-errors.ts';

const DEFINITIONS = 'apiextensions.k8s.io/customresourcedefinitions';
/** Holds a definition until its objects are gone. */
export const CLEANUP = 'customresourcecleanup.apiextensions.k8s.io';

/** CustomResourceDefinitions are established in the write that makes them: there is one server, nothing to wait for. */
export const definitionRules: KindRules = {
  generations: true,
  resets: { object: { 'f:status': {} }, status: { 'f:spec': {} } },

  setDefaults(definition) {
    const spec = specOf(definition);
    const names: JsonObject = isObject(spec['names']) ? spec['names'] : {};
    spec['names'] = names;
    const kind = stringAt(names, 'kind') ?? '';
    if (kind !== '') {
      names['singular'] ??= kind.toLowerCase();
      names['listKind'] ??= `${kind}List`;
    }
    spec['conversion'] ??= { strategy: 'None' };
  },

  prepareCreate(definition, admission) {
    definition['status'] = { storedVersions: [storageVersion(definition)] };
    acceptNames(definition, admission);
  },

  prepareUpdate(next, current, admission) {
    const stored: readonly unknown[] =
      copy(objectAt(current, 'status')['storedVersions'] as unknown[] | undefined) ?? [];
    const version = storageVersion(next);
    next['status'] = {
      ...copy(objectAt(next, 'status')),
      storedVersions: stored.includes(version) ? stored : [...stored, version],
    };
    if (!equal(objectAt(next, 'spec', 'names'), objectAt(current, 'spec', 'names')))
      acceptNames(next, admission);
  },

  validate(definition) {
    const spec = specOf(definition);
    const group = stringAt(spec, 'group') ?? '';
    const plural = stringAt(spec, 'names', 'plural') ?? '';
    const errors: FieldError[] = [];
    if (definition.metadata.name !== `${plural}.${group}`) {
      errors.push(
        invalid('metadata.name', definition.metadata.name, 'must be spec.names.plural+"."+spec.group'),
      );
    }
    if (group === '') errors.push(required('spec.group'));
    else if (dnsSubdomain(group).length > 0)
      errors.push(invalid('spec.group', group, dnsSubdomain(group).join(',')));
    else if (!group.includes('.'))
      errors.push(invalid('spec.group', group, 'should be a domain with at least one dot'));
    const { scope } = spec;
    if (scope === '' || scope === undefined) errors.push(required('spec.scope'));
    else if (scope !== 'Cluster' && scope !== 'Namespaced')
      errors.push(notSupported('spec.scope', scope, ['Cluster', 'Namespaced']));
    errors.push(
      ...versionErrors(objectsAt(spec, 'versions')),
      ...nameErrors(objectAt(spec, 'names')),
      ...conversionErrors(objectAt(spec, 'conversion')),
      ...storedVersionErrors(definition),
    );
    if (spec['preserveUnknownFields'] === true) {
      const why =
        'cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead';
      errors.push(invalid('spec.preserveUnknownFields', true, why));
    }
    return errors;
  },

  validateUpdate(next, current) {
    const fixed = [
      ['spec', 'group'],
      ['spec', 'scope'],
      ['spec', 'names', 'kind'],
      ['spec', 'names', 'plural'],
    ] as const;
    return fixed
      .filter((path) => stringAt(next, ...path) !== stringAt(current, ...path))
      .map((path) => invalid(path.join('.'), stringAt(next, ...path), 'field is immutable'));
  },

  beginDelete(definition) {
    const { metadata } = definition;
    if (metadata.finalizers?.includes(CLEANUP) !== true)
      metadata.finalizers = [...(metadata.finalizers ?? []), CLEANUP];
    setCondition(
      definition,
      'Terminating',
      'True',
      'InstanceDeletionPending',
      'CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon',
      definition.metadata.deletionTimestamp ?? '',
    );
    return false;
  },
};

/** Sets one condition of the status; its time changes with its status. */
export function setCondition(
  definition: ApiObject,
  type: string,
  status: string,
  reason: string,
  message: string,
  time: string,
): void {
  const old = objectsAt(definition, 'status', 'conditions');
  const before = old.find((condition) => condition['type'] === type);
  const lastTransitionTime = before?.['status'] === status ? before['lastTransitionTime'] : time;
  const condition = { type, status, lastTransitionTime, reason, message };
  const conditions =
    before === undefined ? [...old, condition] : old.map((other) => (other === before ? condition : other));
  definition['status'] = { ...objectAt(definition, 'status'), conditions };
}

/** True when the API serves the definition's resources. */
export function isEstablished(definition: ApiObject): boolean {
  return objectsAt(definition, 'status', 'conditions').some(
    ({ type, status }) => type === 'Established' && status === 'True',
  );
}

function storageVersion(definition: ApiObject): string {
  const version = objectsAt(definition, 'spec', 'versions').find(({ storage }) => storage === true);
  return stringAt(version, 'name') ?? '';
}

/** A definition is served when no other of its group has one of its names. */
function acceptNames(definition: ApiObject, admission: Admission): void {
  const names = objectAt(definition, 'spec', 'names');
  const group = stringAt(definition, 'spec', 'group');
  const others = admission
    .list(DEFINITIONS)
    .filter(
      (other) =>
        other.metadata.name !== definition.metadata.name && stringAt(other, 'spec', 'group') === group,
    )
    .map((other) => objectAt(other, 'status', 'acceptedNames'));
  const taken = (['plural', 'singular', 'kind', 'listKind'] as const).find((name) =>
    others.some((other) => other[name] === names[name]),
  );
  const { time } = admission;
  if (taken === undefined) {
    definition['status'] = { ...objectAt(definition, 'status'), acceptedNames: copy(names) };
    setCondition(definition, 'NamesAccepted', 'True', 'NoConflicts', 'no conflicts found', time);
    setCondition(
      definition,
      'Established',
      'True',
      'InitialNamesAccepted',
      'the initial names have been accepted',
      time,
    );
    return;
  }
  const reason = `${taken.charAt(0).toUpperCase()}${taken.slice(1)}Conflict`;
  definition['status'] = { ...objectAt(definition, 'status'), acceptedNames: { plural: '', kind: '' } };
  setCondition(
    definition,
    'NamesAccepted',
    'False',
    reason,
    `"${String(names[taken])}" is already in use`,
    time,
  );
  setCondition(definition, 'Established', 'False', 'NotAccepted', 'not all names are accepted', time);
}

const NAMES = ['plural', 'singular', 'kind', 'listKind'] as const;

function nameErrors(names: Readonly<JsonObject>): readonly FieldError[] {
  const given = NAMES.map((name) => [name, stringAt(names, name) ?? ''] as const);
  const errors = given.filter(([, value]) => value === '').map(([name]) => required(`spec.names.${name}`));
  for (const [name, value] of given.filter(([, text]) => text !== '')) {
    const mixed = name === 'kind' || name === 'listKind';
    const complaints = dns1035Label(mixed ? value.toLowerCase() : value);
    const hint = mixed ? 'may have mixed case, but should otherwise match: ' : '';
    if (complaints.length > 0)
      errors.push(invalid(`spec.names.${name}`, value, `${hint}${complaints.join(',')}`));
  }
  const listed = (name: 'shortNames' | 'categories'): readonly FieldError[] =>
    (Array.isArray(names[name]) ? names[name].map(String) : []).flatMap((value, index) =>
      dns1035Label(value).map((complaint) => invalid(`spec.names.${name}[${index}]`, value, complaint)),
    );
  errors.push(...listed('shortNames'));
  if (names['kind'] !== undefined && names['kind'] === names['listKind'])
    errors.push(invalid('spec.names.listKind', names['listKind'], 'kind and listKind may not be the same'));
  return [...errors, ...listed('categories')];
}

/** Webhooks are kept and not called: objects of all versions are the same but for their name. */
function conversionErrors(conversion: Readonly<JsonObject>): readonly FieldError[] {
  const { strategy = '', webhook } = conversion;
  if (strategy === '') return [required('spec.conversion.strategy')];
  if (strategy !== 'None' && strategy !== 'Webhook')
    return [notSupported('spec.conversion.strategy', strategy, ['None', 'Webhook'])];
  const client = objectAt(webhook)['clientConfig'];
  const versions = objectAt(webhook)['conversionReviewVersions'];
  if (strategy === 'None') {
    const why = 'should not be set when strategy is not set to Webhook';
    return client === undefined ? [] : [forbidden('spec.conversion.webhookClientConfig', why)];
  }
  return [
    ...(client === undefined
      ? [required('spec.conversion.webhookClientConfig', 'required when strategy is set to Webhook')]
      : []),
    ...(Array.isArray(versions) && versions.length > 0
      ? []
      : [required('spec.conversion.conversionReviewVersions')]),
  ];
}

/** Versions that objects may still be stored in must stay. */
function storedVersionErrors(definition: ApiObject): readonly FieldError[] {
  const stored = objectAt(definition, 'status')['storedVersions'];
  const versions = Array.isArray(stored) ? stored.map(String) : [];
  const names = objectsAt(definition, 'spec', 'versions').map(({ name }) => name);
  return versions.flatMap((version, index) => {
    if (names.includes(version)) return [];
    const why = `missing from spec.versions; ${version} was previously a storage version, and must remain in spec.versions until a storage migration ensures no data remains persisted in ${version} and removes ${version} from status.storedVersions`;
    return [invalid(`status.storedVersions[${index}]`, version, why)];
  });
}
