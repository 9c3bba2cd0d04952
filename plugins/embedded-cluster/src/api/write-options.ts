import type { Request } from '../registry/request.ts';
import { invalid, notSupported, required, tooLong, type FieldError } from '../schema/field-error.ts';
import { invalidObject } from '../status.ts';
import type { Exchange } from './exchange.ts';

const MAX_MANAGER = 128;
const FIELD_VALIDATIONS = ['', 'Ignore', 'Strict', 'Warn'];

/** The options of a write, by the name of their type. */
export type WriteOptions = 'CreateOptions' | 'UpdateOptions' | 'PatchOptions' | 'ApplyOptions';

/** The write that a request asks for, as the registry takes it. Fails with 422 for wrong options, all findings at once. */
export function writeRequest(exchange: Exchange, options: WriteOptions): Request {
  const { query, user } = exchange;
  const manager = query.get('fieldManager') ?? '';
  const validation = query.get('fieldValidation') ?? '';
  const dryRun = query.getAll('dryRun');
  const errors = [
    ...patchErrors(query, options),
    ...managerErrors(manager),
    ...dryRunErrors(dryRun),
    ...(FIELD_VALIDATIONS.includes(validation)
      ? []
      : [notSupported('fieldValidation', validation, FIELD_VALIDATIONS)]),
  ];
  if (errors.length > 0) {
    throw invalidObject('meta.k8s.io', options.replace('Apply', 'Patch'), '', errors);
  }
  return {
    user,
    fieldManager: manager === '' ? exchange.agent.slice(0, MAX_MANAGER) || 'unknown' : manager,
    fieldValidation: validation === '' ? 'Warn' : (validation as Request['fieldValidation']),
    dryRun: dryRun.length > 0,
    internal: false,
    bodyProblems: exchange.bodyProblems,
    now: () => Date.now(),
    warn: (message) => exchange.warn(message),
  };
}

function patchErrors(query: URLSearchParams, options: WriteOptions): readonly FieldError[] {
  if (options === 'ApplyOptions') {
    return (query.get('fieldManager') ?? '') === ''
      ? [required('fieldManager', 'is required for apply patch')]
      : [];
  }
  if (options !== 'PatchOptions' || !query.has('force')) return [];
  const message = 'Forbidden: may not be specified for non-apply patch';
  return [{ reason: 'FieldValueForbidden', field: 'force', message }];
}

function managerErrors(manager: string): readonly FieldError[] {
  const errors = Buffer.byteLength(manager) > MAX_MANAGER ? [tooLong('fieldManager', MAX_MANAGER)] : [];
  for (const { 0: odd, index } of manager.matchAll(/[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/gu)) {
    const code = (odd.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0');
    const position = Buffer.byteLength(manager.slice(0, index));
    errors.push(invalid('fieldManager', manager, `invalid character U+${code} (at position ${position})`));
  }
  return errors;
}

/** Findings in what a dry run is asked for with: "All" is the only way. */
export function dryRunErrors(given: readonly string[]): readonly FieldError[] {
  return given.every((value) => value === 'All') ? [] : [notSupported('dryRun', given, ['All'])];
}
