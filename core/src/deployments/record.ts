import type { AppName, AppOrigin } from '../apps/app-object.ts';
import type { AsyncDeployStatus, DeploymentPhase } from '../models/deployment.ts';
import type { PodTemplateSpec } from '../kube/pod-kinds.ts';
import type { ObjectRef } from '../ports/kube.ts';
import { routeUrl } from '../routes/urls.ts';

/**
 * One change of what runs, from the request to its end. It is stored in the cluster before anything happens, and
 * after each step, so that any server can finish what another began.
 */
export interface DeploymentRecord {
  /** 16 hex digits. */
  readonly id: string;
  readonly status: DeploymentPhase;
  readonly user: string;
  /** RFC 3339 in UTC with seconds. */
  readonly startedAt: string;
  readonly finishedAt?: string;

  /** A push brings sources (`blobUid`) or an image; without either, what runs is brought up to its settings. */
  readonly blobUid?: string;
  readonly image?: string;
  readonly builderImage?: string;
  readonly origin?: AppOrigin;
  /** Build even when nothing has changed. */
  readonly restage?: boolean;
  /** Start every instance anew even when nothing has changed. */
  readonly restart?: boolean;

  /** A server took it up that had not begun it: its client has probably gone, so a newer push may replace it. */
  readonly resumed?: boolean;
  readonly stageId?: string;
  /** The image of the run `stageId` was used again. */
  readonly reused?: boolean;
  /** Known once staging has begun: what is built from, as of then. */
  readonly build?: { readonly inputs: string; readonly builder: string };
  /** Known once staging has begun: the sources that the application had before, to be removed after success. */
  readonly replacedBlobUid?: string;

  /** Known once deploying has begun: what to go back to. Null when nothing ran. */
  readonly previous?: PreviousWorkload | null | undefined;

  /** When failed: the reason in the first line, then facts and the last log lines. */
  readonly error?: string;
  readonly errorCode?: string;
  readonly errorStatus?: number;
  readonly routes?: readonly string[];
  readonly warnings?: readonly string[];
}

export interface PreviousWorkload {
  readonly template: PodTemplateSpec;
  readonly replicas: number;
  readonly objects: readonly ObjectRef[];
  readonly routes: readonly string[];
}

export function isFinished({ status }: Pick<DeploymentRecord, 'status'>): boolean {
  return status === 'succeeded' || status === 'failed';
}

/** True while the sources of a push are on their way to an image: a second push has to wait until then. */
export function isStaging({ status, blobUid }: DeploymentRecord): boolean {
  return blobUid !== undefined && (status === 'pending' || status === 'staging');
}

/** The record as the API shows it. */
export function shownRecord(
  app: AppName,
  record: DeploymentRecord,
  address: { readonly httpsPort: number },
): AsyncDeployStatus {
  const { routes = [], warnings = [] } = record;
  return {
    id: record.id,
    app: { name: app.name, namespace: app.namespace, createdAt: null },
    status: record.status,
    ...(record.stageId === undefined ? {} : { stage_id: record.stageId }),
    ...(record.image === undefined ? {} : { image: record.image }),
    ...(record.error === undefined ? {} : { error: record.error }),
    ...(routes.length === 0 ? {} : { routes: [...routes] }),
    ...(warnings.length === 0 ? {} : { warnings: [...warnings] }),
    startedAt: record.startedAt,
    ...(record.finishedAt === undefined ? {} : { finishedAt: record.finishedAt }),
    ...(routes.length === 0 ? {} : { urls: routes.map((route) => routeUrl(route, address)) }),
    ...(record.reused === true ? { reused: true } : {}),
  };
}
