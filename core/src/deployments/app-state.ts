import type { AppName } from '../apps/app-object.ts';
import { appLabels, labels } from '../apps/labels.ts';
import { resourceName } from '../apps/names.ts';
import { EpinioError } from '../kernel/errors.ts';
import type { Secret } from '../kube/kinds.ts';
import type { StagingStatusName } from '../models/app.ts';
import type { ObjectRef } from '../ports/kube.ts';
import { type DeploymentRecord, isFinished } from './record.ts';

/**
 * What the platform remembers of an application besides its settings: one Secret per application, so that every
 * step is one conditional write, and two servers can never both believe that they may go first.
 */
export interface AppState {
  /** Oldest first; finished ones beyond the last ten are dropped. */
  readonly records: readonly DeploymentRecord[];
  /** Which server works on the unfinished records. */
  readonly lease?: {
    readonly holder: string;
    /** Milliseconds since the epoch. */ readonly renewedAt: number;
  };
  /** Of the staging run that was started last. */
  readonly staging?: Exclude<StagingStatusName, ''>;
  /** The image that was built last, and from what. */
  readonly built?: BuiltImage;
  /** What runs. */
  readonly workload?: Workload;
  /** Why the last deployment failed, in one line; absent after a success. */
  readonly failure?: string | undefined;
}

export interface BuiltImage {
  /** Hash over sources, builder and build environment. */
  readonly inputs: string;
  /** The builder image that made it. */
  readonly builder: string;
  readonly stageId: string;
  /** As pushed, with tag. */
  readonly image: string;
  /** Tags of the application's images that are still in the registry, newest last. */
  readonly tags: readonly string[];
}

export interface Workload {
  /** Everything that was applied, and with it what to remove. Written before it is applied. */
  readonly objects: readonly ObjectRef[];
  /** Routes that are held. */
  readonly routes: readonly string[];
  /** What serves at the moment; absent until the first deployment has succeeded. */
  readonly image?: string;
  readonly stageId?: string;
  /** Who deployed it. */
  readonly user?: string;
  /** The restart marker in the pod template, kept so that the next change does not take it away. */
  readonly start?: string;
}

const KEY = 'state';
const KEPT_RECORDS = 10;
const EMPTY: AppState = { records: [] };
const parsed = new WeakMap<Secret, AppState>();

export function stateSecretName(app: string): string {
  return resourceName(`${app}-deployments`);
}

/** The state in a Secret; parsed once per version of it. */
export function readState(secret: Secret | undefined): AppState {
  if (secret === undefined) return EMPTY;
  const known = parsed.get(secret);
  if (known !== undefined) return known;
  const state = parse(secret);
  parsed.set(secret, state);
  return state;
}

function parse({ data, metadata }: Secret): AppState {
  const text = Buffer.from(data?.[KEY] ?? '', 'base64').toString('utf8');
  if (text === '') return EMPTY;
  try {
    return JSON.parse(text) as AppState;
  } catch (cause) {
    throw new EpinioError(
      'APP_STATE_DAMAGED',
      `Secret "${metadata.name}" in namespace "${metadata.namespace ?? ''}" does not hold JSON under "${KEY}"`,
      { cause, status: 500, fix: 'Delete the Secret; the next push writes it anew' },
    );
  }
}

/** The state as the data of its Secret, without records that nobody asks for any more. */
export function stateData(state: AppState): Record<string, string> {
  const finished = state.records.filter(isFinished);
  const dropped = new Set(finished.slice(0, Math.max(0, finished.length - KEPT_RECORDS)));
  const kept = { ...state, records: state.records.filter((record) => !dropped.has(record)) };
  return { [KEY]: Buffer.from(JSON.stringify(kept)).toString('base64') };
}

export function stateLabels(app: AppName): Record<string, string> {
  return { ...appLabels(app), [labels.area]: 'deployment' };
}
