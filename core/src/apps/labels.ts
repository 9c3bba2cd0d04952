/** Keys of labels and annotations on the platform's objects, as published. */
export const labels = {
  name: 'app.kubernetes.io/name',
  partOf: 'app.kubernetes.io/part-of',
  managedBy: 'app.kubernetes.io/managed-by',
  component: 'app.kubernetes.io/component',
  area: 'epinio.io/area',
  stageId: 'epinio.io/stage-id',
  previousStageId: 'epinio.io/previous-stage-id',
  blobUid: 'epinio.io/blob-uid',
  appContainer: 'epinio.io/app-container',
  configuration: 'epinio.io/configuration',
  routing: 'epinio.io/routing',
} as const;

export const annotations = {
  createdBy: 'epinio.io/created-by',
  start: 'epinio.io/start',
  roles: 'epinio.io/roles',
  registryNamespace: 'epinio.io/registry-namespace',
} as const;

/** Owner of the fields that the platform logic applies. */
export const FIELD_MANAGER = 'epinio/platform';

/** Selects what belongs to any application. */
export const APPLICATION_SELECTOR = `${labels.managedBy}=epinio,${labels.component}=application`;

/** What an application's settings are stored under, by the label `epinio.io/area`. */
export type Area = 'environment' | 'configuration' | 'service' | 'scaling' | 'deployment';

/** On every object that is made for an application. */
export function appLabels(app: {
  readonly namespace: string;
  readonly name: string;
}): Record<string, string> {
  return {
    [labels.managedBy]: 'epinio',
    [labels.partOf]: app.namespace,
    [labels.name]: app.name,
    [labels.component]: 'application',
  };
}
