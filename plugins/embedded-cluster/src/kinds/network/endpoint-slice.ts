import { objectsAt, stringAt } from '../../json.ts';
import type { KindRules } from '../../registry/resource.ts';
import { invalid, notSupported, required, tooMany, type FieldError } from '../../schema/field-error.ts';

export const endpointSliceRules: KindRules = {
  generations: true,

  setDefaults(slice) {
    for (const port of objectsAt(slice, 'ports')) {
      port['name'] ??= '';
      port['protocol'] ??= 'TCP';
    }
  },

  validate(slice) {
    const type = stringAt(slice, 'addressType') ?? '';
    const errors: FieldError[] = [];
    if (type === '') errors.push(required('addressType'));
    else if (!['FQDN', 'IPv4', 'IPv6'].includes(type))
      errors.push(notSupported('addressType', type, ['FQDN', 'IPv4', 'IPv6']));
    const endpoints = objectsAt(slice, 'endpoints');
    if (endpoints.length > 1000) errors.push(tooMany('endpoints', endpoints.length, 1000));
    endpoints.forEach((endpoint, index) => {
      const addresses: readonly unknown[] = Array.isArray(endpoint['addresses']) ? endpoint['addresses'] : [];
      if (addresses.length === 0)
        errors.push(required(`endpoints[${index}].addresses`, 'must contain at least 1 address'));
    });
    return errors;
  },

  validateUpdate(next, current) {
    return next['addressType'] === current['addressType']
      ? []
      : [invalid('addressType', next['addressType'], 'field is immutable')];
  },
};
