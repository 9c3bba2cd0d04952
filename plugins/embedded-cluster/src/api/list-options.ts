import { invalidObject, type StatusError } from '../status.ts';

/** What a list or a watch may say about the version that it wants. */
export interface VersionOptions {
  readonly resourceVersion: string;
  readonly resourceVersionMatch: string;
  /** "true", "false" or nothing. */
  readonly sendInitialEvents: string | undefined;
  readonly continue: string;
}

/** Fails with 422 for combinations that mean nothing. */
export function checkListOptions(options: VersionOptions): void {
  const { resourceVersion, resourceVersionMatch: match, sendInitialEvents } = options;
  if (sendInitialEvents !== undefined) {
    throw refused(
      'sendInitialEvents',
      'FieldValueForbidden',
      'Forbidden: sendInitialEvents is forbidden for list',
    );
  }
  if (match === '') return;
  if (resourceVersion === '') {
    throw refused(
      'resourceVersionMatch',
      'FieldValueForbidden',
      'Forbidden: resourceVersionMatch is forbidden unless resourceVersion is provided',
    );
  }
  if (options.continue !== '') {
    throw refused(
      'resourceVersionMatch',
      'FieldValueForbidden',
      'Forbidden: resourceVersionMatch is forbidden when continue is provided',
    );
  }
  if (match !== 'Exact' && match !== 'NotOlderThan') {
    const shown = JSON.stringify(match);
    throw refused(
      'resourceVersionMatch',
      'FieldValueNotSupported',
      `Unsupported value: ${shown}: supported values: "Exact", "NotOlderThan", ""`,
    );
  }
  if (match === 'Exact' && resourceVersion === '0') {
    throw refused(
      'resourceVersionMatch',
      'FieldValueForbidden',
      'Forbidden: resourceVersionMatch "exact" is forbidden for resourceVersion "0"',
    );
  }
}

/** As `checkListOptions`. @returns whether the watch begins with what is there; undefined when it does not say */
export function checkWatchOptions({
  resourceVersionMatch: match,
  sendInitialEvents,
}: VersionOptions): boolean | undefined {
  if (sendInitialEvents === undefined) {
    if (match === '') return undefined;
    throw refused(
      'resourceVersionMatch',
      'FieldValueForbidden',
      'Forbidden: resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided',
    );
  }
  if (match !== 'NotOlderThan') {
    throw refused(
      'resourceVersionMatch',
      'FieldValueForbidden',
      'Forbidden: sendInitialEvents requires setting resourceVersionMatch to NotOlderThan',
    );
  }
  return sendInitialEvents !== 'false' && sendInitialEvents !== '0';
}

function refused(
  field: string,
  reason: 'FieldValueForbidden' | 'FieldValueNotSupported',
  message: string,
): StatusError {
  return invalidObject('meta.k8s.io', 'ListOptions', '', [{ reason, field, message }]);
}
