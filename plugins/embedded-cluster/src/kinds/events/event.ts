import { stringAt } from '../../json.ts';
import type { KindRules } from '../../registry/resource.ts';
import { invalid, required, type FieldError } from '../../schema/field-error.ts';
import { qualifiedName } from '../../schema/names.ts';
import type { ApiObject } from '../../storage/api-object.ts';

const MAX_WORDS = 128;
const MAX_NOTE = 1024;

/** Events of core/v1. They are kept for an hour. */
export const eventRules: KindRules = {
  createsOnUpdate: true,
  validate: (event) => validateEvent(event, 'reportingComponent'),
};

/**
 * Findings in an event of either API, in its core/v1 form. Ones with an eventTime are of the new sort and have to
 * say who reports what.
 */
export function validateEvent(event: ApiObject, reporter: string): readonly FieldError[] {
  const involved = stringAt(event, 'involvedObject', 'namespace') ?? '';
  const namespace = event.metadata.namespace ?? '';
  const wrongNamespace = invalid('involvedObject.namespace', involved, 'does not match event.namespace');
  if (stringAt(event, 'eventTime') === undefined) {
    return involved === namespace || (involved === '' && namespace === 'default') ? [] : [wrongNamespace];
  }
  const errors: FieldError[] = [];
  if (involved === '' && namespace !== 'default' && namespace !== 'kube-system') errors.push(wrongNamespace);
  const controller = stringAt(event, 'reportingComponent') ?? '';
  if (controller === '') errors.push(required(reporter));
  errors.push(...qualifiedName(controller).map((complaint) => invalid(reporter, controller, complaint)));
  for (const [name, maximum] of [
    ['reportingInstance', MAX_WORDS],
    ['action', MAX_WORDS],
    ['reason', MAX_WORDS],
    ['message', MAX_NOTE],
  ] as const) {
    const value = stringAt(event, name) ?? '';
    if (value === '' && name !== 'message') errors.push(required(name));
    if (value.length > maximum) errors.push(invalid(name, '', `can have at most ${maximum} characters`));
  }
  return errors;
}
