import { cacheVolumeName, resourceName, stagingName } from '@epinio/core';
import type { StagingRequest } from '@epinio/core';

export type App = StagingRequest['app'];

/** Published keys: clients and the platform find staging runs by them. */
export const LABELS = {
  name: 'app.kubernetes.io/name',
  partOf: 'app.kubernetes.io/part-of',
  managedBy: 'app.kubernetes.io/managed-by',
  component: 'app.kubernetes.io/component',
  stageId: 'epinio.io/stage-id',
} as const;

/** On a Job that somebody has cancelled: when. */
export const CANCELED = 'epinio.io/staging-canceled';

/** Selects all that belongs to staging runs. */
export const STAGING_SELECTOR = `${LABELS.component}=staging`;

export function runSelector(id: string): string {
  return `${STAGING_SELECTOR},${LABELS.stageId}=${id}`;
}

export function appSelector({ namespace, name }: App): string {
  return `${STAGING_SELECTOR},${LABELS.name}=${name},${LABELS.partOf}=${namespace}`;
}

/** On every object of a run. What the platform gave is kept, but cannot take a run away from its application. */
export function runLabels({ id, app, labels }: StagingRequest): Readonly<Record<string, string>> {
  return {
    ...labels,
    [LABELS.name]: app.name,
    [LABELS.partOf]: app.namespace,
    [LABELS.managedBy]: 'epinio',
    [LABELS.component]: 'staging',
    [LABELS.stageId]: id,
  };
}

/** Names of a run's objects, all in the platform's namespace. */
export function runNames({ id, app }: Pick<StagingRequest, 'id' | 'app'>): {
  readonly job: string;
  /** The build environment. */
  readonly environment: string;
  /** The link to the sources. */
  readonly source: string;
  readonly cache: string;
} {
  const job = stagingName(app.namespace, app.name, id);
  return {
    job,
    environment: job,
    source: resourceName('stage', app.namespace, app.name, id, 'source'),
    cache: cacheVolumeName(app.namespace, app.name),
  };
}
