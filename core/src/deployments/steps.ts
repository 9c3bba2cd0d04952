import type { AppName } from '../apps/app-object.ts';
import { EpinioError } from '../kernel/errors.ts';
import type { AppState } from './app-state.ts';
import type { AppStates } from './app-states.ts';
import { type DeploymentRecord, isFinished } from './record.ts';

/** What one step changes: the record, and what is remembered of the application. */
export interface StepChange {
  readonly record: Partial<DeploymentRecord>;
  readonly state?: Partial<Omit<AppState, 'records'>>;
}

/**
 * Stores the outcome of a step of one deployment. Fails with `DEPLOYMENT_ENDED` when somebody else has ended it
 * meanwhile, by deleting the application for example: then there is nothing more to do.
 */
export async function storeStep(
  states: AppStates,
  app: AppName,
  id: string,
  change: (record: DeploymentRecord, state: AppState) => StepChange,
  signal?: AbortSignal,
): Promise<{ readonly record: DeploymentRecord; readonly state: AppState }> {
  const state = await states.update(
    app,
    (current) => {
      const record = current.records.find((one) => one.id === id);
      if (record === undefined || isFinished(record)) {
        throw new EpinioError(
          'DEPLOYMENT_ENDED',
          `deployment '${id}' of application '${app.name}' has ended`,
        );
      }
      const { record: changes, state: rest } = change(record, current);
      const records = current.records.map((one) => (one === record ? { ...one, ...changes } : one));
      return { ...current, ...rest, records };
    },
    signal,
  );
  const record = state.records.find((one) => one.id === id);
  if (record === undefined) throw new EpinioError('DEPLOYMENT_ENDED', `deployment '${id}' is gone`);
  return { record, state };
}

/** Times as the API shows them: RFC 3339 in UTC with seconds. */
export function timestamp(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z');
}

/** The state with these records ended from outside; those that have ended by themselves stay as they are. */
export function endRecords(
  state: AppState,
  ended: readonly Pick<DeploymentRecord, 'id'>[],
  error: string,
  nowMs: number,
): AppState {
  if (ended.length === 0) return state;
  const ids = new Set(ended.map(({ id }) => id));
  const end = { status: 'failed', error, finishedAt: timestamp(nowMs), previous: undefined } as const;
  const records = state.records.map((record) =>
    ids.has(record.id) && !isFinished(record) ? { ...record, ...end } : record,
  );
  return { ...state, records };
}
