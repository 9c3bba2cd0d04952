import type { PodLogOptions } from '@epinio/core';
import { forbidden, invalid, type FieldError } from '../../schema/field-error.ts';
import { badRequest, invalidObject } from '../../status.ts';
import type { Exchange } from '../exchange.ts';

const RFC_3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/;

/** The options of a GET of `pods/log`. Refuses with a 400 what cannot be read, with a 422 what makes no sense. */
export function logOptionsOf(
  exchange: Exchange,
  pod: string,
): PodLogOptions & { readonly limitBytes?: number } {
  const tailLines = exchange.number('tailLines');
  const limitBytes = exchange.number('limitBytes');
  const sinceSeconds = exchange.number('sinceSeconds');
  const sinceTime = sinceTimeOf(exchange);
  const errors: FieldError[] = [];
  if (tailLines !== undefined && tailLines < 0)
    errors.push(invalid('tailLines', tailLines, 'must be greater than or equal to 0'));
  if (limitBytes !== undefined && limitBytes < 1)
    errors.push(invalid('limitBytes', limitBytes, 'must be greater than 0'));
  if (sinceSeconds !== undefined && sinceTime !== undefined)
    errors.push(forbidden('[]', 'at most one of `sinceTime` or `sinceSeconds` may be specified'));
  else if (sinceSeconds !== undefined && sinceSeconds < 1)
    errors.push(invalid('sinceSeconds', sinceSeconds, 'must be greater than 0'));
  if (errors.length > 0) throw invalidObject('', 'PodLogOptions', pod, errors);
  return {
    follow: exchange.flag('follow'),
    previous: exchange.flag('previous'),
    timestamps: exchange.flag('timestamps'),
    ...(tailLines === undefined ? {} : { tailLines }),
    ...(limitBytes === undefined ? {} : { limitBytes }),
    ...(sinceSeconds === undefined ? {} : { sinceSeconds }),
    ...(sinceTime === undefined ? {} : { sinceTime }),
  };
}

function sinceTimeOf(exchange: Exchange): string | undefined {
  const text = exchange.query.get('sinceTime');
  if (text === null || text === '') return undefined;
  if (RFC_3339.test(text) && !Number.isNaN(Date.parse(text))) return text;
  const shown = JSON.stringify(text);
  throw badRequest(`parsing time ${shown} as "2006-01-02T15:04:05Z07:00": cannot parse ${shown} as "2006"`);
}
