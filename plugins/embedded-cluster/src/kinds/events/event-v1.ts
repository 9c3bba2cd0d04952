import { equal, isObject, numberAt, stringAt, without } from '../../json.ts';
import type { KindRules, StoredForm } from '../../registry/resource.ts';
import { invalid, required, type FieldError } from '../../schema/field-error.ts';
import type { ApiObject } from '../../storage/api-object.ts';
import { invalidObject } from '../../status.ts';
import { validateEvent } from './event.ts';

/** Fields of core/v1, and what events.k8s.io/v1 calls them. */
const RENAMED = [
  ['involvedObject', 'regarding'],
  ['message', 'note'],
  ['reportingComponent', 'reportingController'],
  ['source', 'deprecatedSource'],
  ['firstTimestamp', 'deprecatedFirstTimestamp'],
  ['lastTimestamp', 'deprecatedLastTimestamp'],
  ['count', 'deprecatedCount'],
] as const;

/** What an update through this API may change is the series. */
const FIXED = [
  'involvedObject',
  'reason',
  'message',
  'source',
  'firstTimestamp',
  'lastTimestamp',
  'count',
  'type',
  'eventTime',
  'action',
  'related',
  'reportingComponent',
  'reportingInstance',
];

const stored: StoredForm = {
  apiVersion: 'v1',
  collection: '/events',
  encode: (event) => renamed(event, 'v1', (core, newer) => [newer, core]),
  decode: (event) => renamed(event, 'events.k8s.io/v1', (core, newer) => [core, newer]),
};

/** Events of events.k8s.io/v1: those of core/v1 under other names. */
export const eventV1Rules: KindRules = {
  stored,

  /** Newly made ones have nothing of the old API. */
  prepareCreate(event) {
    const core = stored.encode(event);
    const errors = [...seriesErrors(core), ...strictErrors(core)];
    if (errors.length > 0) throw invalidObject('events.k8s.io', 'Event', event.metadata.name, errors);
  },

  validate: (event) => validateEvent(stored.encode(event), 'reportingController'),

  validateUpdate(next, current) {
    const after = stored.encode(next);
    const before = stored.encode(current);
    return [
      ...(equal(after['series'], before['series']) ? [] : seriesErrors(after)),
      ...FIXED.filter((name) => !equal(after[name], before[name])).map((name) =>
        invalid(name, after[name], 'field is immutable'),
      ),
    ];
  },
};

function renamed(
  event: ApiObject,
  apiVersion: string,
  direction: (core: string, newer: string) => readonly [string, string],
): ApiObject {
  const pairs = RENAMED.map(([core, newer]) => direction(core, newer));
  const rest = without(event, ...pairs.map(([from]) => from)) as ApiObject;
  const moved = pairs
    .filter(([from]) => event[from] !== undefined)
    .map(([from, to]) => [to, event[from]] as const);
  return { ...rest, apiVersion, ...Object.fromEntries(moved) };
}

function seriesErrors({ series }: ApiObject): readonly FieldError[] {
  if (!isObject(series)) return [];
  const errors: FieldError[] = [];
  if ((numberAt(series, 'count') ?? 0) < 2) errors.push(invalid('series.count', '', 'should be at least 2'));
  if (stringAt(series, 'lastObservedTime') === undefined) errors.push(required('series.lastObservedTime'));
  return errors;
}

function strictErrors(event: ApiObject): readonly FieldError[] {
  const errors: FieldError[] = [];
  const type = stringAt(event, 'type') ?? '';
  const { source } = event;
  if (stringAt(event, 'eventTime') === undefined) errors.push(required('eventTime'));
  if (type !== 'Normal' && type !== 'Warning') errors.push(invalid('type', '', `has invalid value: ${type}`));
  for (const name of ['firstTimestamp', 'lastTimestamp'])
    if (typeof event[name] === 'string') errors.push(invalid(name, '', 'needs to be unset'));
  if ((numberAt(event, 'count') ?? 0) !== 0) errors.push(invalid('count', '', 'needs to be unset'));
  if (isObject(source) && Object.keys(source).length > 0)
    errors.push(invalid('source', '', 'needs to be unset'));
  return errors;
}
