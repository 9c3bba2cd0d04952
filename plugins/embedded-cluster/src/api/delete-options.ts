import { decodeType } from '../registry/codec.ts';
import type { DeleteQuery } from '../registry/deletion.ts';
import { builtinSchema } from '../schema/builtin.ts';
import { invalid, notSupported, type FieldError } from '../schema/field-error.ts';
import { invalidObject } from '../status.ts';
import { readObject } from './body.ts';
import type { Exchange } from './exchange.ts';
import { dryRunErrors } from './write-options.ts';

const POLICIES = ['Foreground', 'Background', 'Orphan'];

/** metav1.DeleteOptions, from the body or else from the query. Fails with 400, 415 or 422. */
export async function readDeleteOptions(
  exchange: Exchange,
): Promise<{ readonly query: DeleteQuery; readonly dryRun: boolean }> {
  const { dryRun, ...query } = hasBody(exchange) ? await fromBody(exchange) : fromQuery(exchange);
  const { propagationPolicy: policy, orphanDependents } = query;
  const errors: FieldError[] = [];
  if (policy !== undefined && orphanDependents !== undefined) {
    const why = 'orphanDependents and deletionPropagation cannot be both set';
    errors.push(invalid('propagationPolicy', policy, why));
  }
  if (policy !== undefined && !POLICIES.includes(policy)) {
    errors.push(notSupported('propagationPolicy', policy, [...POLICIES, 'nil']));
  }
  errors.push(...dryRunErrors(dryRun ?? []));
  if (errors.length > 0) throw invalidObject('meta.k8s.io', 'DeleteOptions', '', errors);
  return { query, dryRun: dryRun !== undefined && dryRun.length > 0 };
}

function hasBody({ incoming: { headers } }: Exchange): boolean {
  return Number(headers['content-length'] ?? 0) > 0 || headers['transfer-encoding'] !== undefined;
}

type DeleteOptions = DeleteQuery & { readonly dryRun?: readonly string[] };

async function fromBody(exchange: Exchange): Promise<DeleteOptions> {
  const given = await readObject(exchange, 'DeleteOptions');
  const silent = { fieldValidation: 'Ignore', warn: () => undefined } as const;
  return decodeType(builtinSchema('meta.v1.DeleteOptions'), 'DeleteOptions', given, silent);
}

function fromQuery(exchange: Exchange): DeleteOptions {
  const { query } = exchange;
  const gracePeriodSeconds = exchange.number('gracePeriodSeconds');
  const propagationPolicy = query.get('propagationPolicy') ?? undefined;
  return {
    ...(gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds }),
    ...(propagationPolicy === undefined ? {} : { propagationPolicy }),
    ...(query.has('orphanDependents') ? { orphanDependents: exchange.flag('orphanDependents') } : {}),
    dryRun: query.getAll('dryRun'),
  };
}
