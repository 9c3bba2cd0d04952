import { stringAt } from '../json.ts';
import type { KindRules } from '../registry/resource.ts';
import { invalid } from '../schema/field-error.ts';

/** Events are kept for an hour: see `expire` in the registry. */
export const eventRules: KindRules = {
  createsOnUpdate: true,
  validate(event) {
    const involved = stringAt(event, 'involvedObject', 'namespace') ?? '';
    const namespace = event.metadata.namespace ?? '';
    const matches = involved === namespace || (involved === '' && namespace === 'default');
    return matches ? [] : [invalid('involvedObject.namespace', involved, 'does not match event.namespace')];
  },
};
