import { objectAt, objectsAt, stringAt, type JsonObject } from '../../json.ts';
import type { ApiObject } from '../../storage/api-object.ts';
import type { Measure } from './measure.ts';

/** One thing that objects must be for a quota to be about them. */
export interface ScopeRequirement {
  readonly scopeName: string;
  readonly operator: string;
  readonly values: readonly string[];
}

/** Both ways in which a quota says its scopes. */
export function scopesOf(quota: ApiObject): readonly ScopeRequirement[] {
  const { scopes } = objectAt(quota, 'spec');
  const plain = (Array.isArray(scopes) ? scopes : []).map((scope) => ({
    ...{ scopeName: String(scope), operator: 'Exists', values: [] },
  }));
  const expressions = objectsAt(quota, 'spec', 'scopeSelector', 'matchExpressions');
  return [...plain, ...expressions.map(requirement)];
}

function requirement(expression: JsonObject): ScopeRequirement {
  const { values } = expression;
  return {
    scopeName: stringAt(expression, 'scopeName') ?? '',
    operator: stringAt(expression, 'operator') ?? '',
    values: Array.isArray(values) ? values.map(String) : [],
  };
}

/** Whether an object is in all scopes of a quota. */
export function isInScopes(quota: ApiObject, measure: Measure, object: ApiObject): boolean {
  return scopesOf(quota).every((scope) => measure.isIn?.(scope, object) === true);
}

/** Whether a value, or its absence, satisfies a requirement. */
export function satisfies({ operator, values }: ScopeRequirement, value: string | undefined): boolean {
  switch (operator) {
    case 'In':
      return value !== undefined && values.includes(value);
    case 'NotIn':
      return value === undefined || !values.includes(value);
    case 'DoesNotExist':
      return value === undefined;
    default:
      return value !== undefined;
  }
}
