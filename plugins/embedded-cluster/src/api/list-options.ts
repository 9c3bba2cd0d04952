import { forbidden, notSupported, type FieldError } from '../schema/field-error.ts';
import { invalidObject } from '../status.ts';

/** What a list or a watch may say about the version that it wants. */
export interface VersionOptions {
  readonly resourceVersion: string;
  readonly resourceVersionMatch: string;
  /** "true", "false" or nothing. */
  readonly sendInitialEvents: string | undefined;
  readonly continue: string;
}

const LIST_MATCHES = ['Exact', 'NotOlderThan', ''];
const WITH_CONTINUE = 'resourceVersionMatch is forbidden when continue is provided';

/** Fails with 422 for combinations that mean nothing. */
export function checkListOptions(options: VersionOptions): void {
  const { resourceVersion, resourceVersionMatch: match, sendInitialEvents } = options;
  const errors: FieldError[] = [];
  if (match !== '') {
    const refuse = (why: string): number => errors.push(forbidden('resourceVersionMatch', why));
    if (resourceVersion === '')
      refuse('resourceVersionMatch is forbidden unless resourceVersion is provided');
    if (options.continue !== '') refuse(WITH_CONTINUE);
    if (!LIST_MATCHES.includes(match)) errors.push(notSupported('resourceVersionMatch', match, LIST_MATCHES));
    if (match === 'Exact' && resourceVersion === '0')
      refuse('resourceVersionMatch "exact" is forbidden for resourceVersion "0"');
  }
  if (sendInitialEvents !== undefined)
    errors.push(forbidden('sendInitialEvents', 'sendInitialEvents is forbidden for list'));
  refuseAll(errors);
}

/** As `checkListOptions`. @returns whether the watch begins with what is there; undefined when it does not say */
export function checkWatchOptions(options: VersionOptions): boolean | undefined {
  const { resourceVersionMatch: match, sendInitialEvents } = options;
  const errors: FieldError[] = [];
  const refuse = (why: string): number => errors.push(forbidden('resourceVersionMatch', why));
  if (sendInitialEvents !== undefined && match !== 'NotOlderThan')
    refuse('sendInitialEvents requires setting resourceVersionMatch to NotOlderThan');
  if (match !== '') {
    if (sendInitialEvents === undefined)
      refuse('resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided');
    if (match !== 'NotOlderThan') errors.push(notSupported('resourceVersionMatch', match, ['NotOlderThan']));
    if (options.continue !== '') refuse(WITH_CONTINUE);
  }
  refuseAll(errors);
  return sendInitialEvents === undefined
    ? undefined
    : sendInitialEvents !== 'false' && sendInitialEvents !== '0';
}

function refuseAll(errors: readonly FieldError[]): void {
  if (errors.length > 0) throw invalidObject('meta.k8s.io', 'ListOptions', '', errors);
}
