import { type AppObject, ownedBy } from '../apps/app-object.ts';
import type { AppSettings } from '../apps/app-settings.ts';
import { annotations, appLabels, labels } from '../apps/labels.ts';
import { templateName } from '../apps/names.ts';
import type { Deployment, Secret, Service } from '../kube/kinds.ts';
import type { PodSpec, Volume, VolumeMount } from '../kube/pod-kinds.ts';

export interface WorkloadInput {
  readonly app: AppObject;
  readonly settings: AppSettings;
  /** As nodes pull it. */
  readonly image: string;
  /** Of the run that built the image; absent for images from elsewhere. */
  readonly stageId?: string;
  /** Who deployed this version. */
  readonly user: string;
  /** A new value starts every instance anew. */
  readonly start?: string;
  /** How long a new version may take until it answers. */
  readonly progressDeadlineSeconds: number;
  /** The Secrets of the bound configurations, by name. */
  readonly configurations: readonly Secret[];
}

/** The port of the Service in front of every application. */
export const SERVICE_PORT = 8080;
const DEFAULT_PORT = 8080;

/** Time for the ingress to stop sending requests, before the application is told to end. */
const DRAIN_SECONDS = 2;
const GRACE_SECONDS = 30;
/** Enough to go back one version by hand, and to show what ran before. */
const KEPT_REPLICA_SETS = 3;

/** The port that the application is told to listen on. */
export function listeningPort(app: AppObject): number {
  return Number(app.spec.settings?.['appListeningPort'] ?? DEFAULT_PORT);
}

/**
 * The application's Deployment. A rollout takes no instance away before its successor answers, and an instance
 * that goes serves on until requests have stopped coming, so that no request is lost.
 */
export function deploymentObject(input: WorkloadInput): Deployment {
  const { app, settings, stageId, user, start } = input;
  const { name, namespace = '' } = app.metadata;
  const common = appLabels({ name, namespace });
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { ...objectMeta(app), annotations: { [annotations.createdBy]: user } },
    spec: {
      replicas: settings.instances,
      selector: { matchLabels: { [labels.name]: name } },
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } },
      progressDeadlineSeconds: input.progressDeadlineSeconds,
      revisionHistoryLimit: KEPT_REPLICA_SETS,
      template: {
        metadata: {
          labels: {
            ...common,
            ...(stageId === undefined ? {} : { [labels.stageId]: stageId }),
            [labels.appContainer]: templateName(name),
          },
          annotations: {
            [annotations.createdBy]: user,
            ...(start === undefined ? {} : { [annotations.start]: start }),
          },
        },
        spec: podSpec(input),
      },
    },
  };
}

function podSpec({ app, settings, image, configurations }: WorkloadInput): PodSpec {
  const { name, namespace = '' } = app.metadata;
  const port = listeningPort(app);
  const { volumes, mounts } = configurationMounts(configurations);
  const environment = Object.entries(settings.environment).map(([key, value]) => ({ name: key, value }));
  return {
    serviceAccountName: namespace,
    terminationGracePeriodSeconds: GRACE_SECONDS,
    // Otherwise every Service of the namespace becomes a dozen variables of every application.
    enableServiceLinks: false,
    ...(volumes.length === 0 ? {} : { volumes }),
    containers: [
      {
        name: templateName(name),
        image,
        imagePullPolicy: 'IfNotPresent',
        ports: [{ name: 'http', containerPort: port, protocol: 'TCP' }],
        env: [{ name: 'PORT', value: String(port) }, ...environment.filter((entry) => entry.name !== 'PORT')],
        ...(mounts.length === 0 ? {} : { volumeMounts: mounts }),
        readinessProbe: { tcpSocket: { port }, periodSeconds: 1, timeoutSeconds: 2, failureThreshold: 3 },
        lifecycle: { preStop: { sleep: { seconds: DRAIN_SECONDS } } },
      },
    ],
  };
}

/** Configurations appear as files below `/configurations/<path>`: their own name, or the service's they come from. */
function configurationMounts(configurations: readonly Secret[]): {
  volumes: Volume[];
  mounts: VolumeMount[];
} {
  const ofService = new Map<string, number>();
  const volumes: Volume[] = [];
  const mounts: VolumeMount[] = [];
  for (const { metadata } of configurations) {
    const origin = metadata.labels?.['epinio.io/configuration-origin'] ?? '';
    const count = (ofService.get(origin) ?? 0) + 1;
    ofService.set(origin, count);
    const ofOrigin = count === 1 ? origin : `${origin}-${count}`;
    const name = templateName(metadata.name);
    volumes.push({ name, secret: { secretName: metadata.name } });
    mounts.push({
      name,
      mountPath: `/configurations/${origin === '' ? metadata.name : ofOrigin}`,
      readOnly: true,
    });
  }
  return { volumes, mounts };
}

/** The Service in front of the application's instances. */
export function serviceObject(app: AppObject): Service {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: objectMeta(app),
    spec: {
      type: 'ClusterIP',
      selector: { [labels.name]: app.metadata.name, [labels.component]: 'application' },
      // By name: the old and the new version may listen on different ports while one replaces the other.
      ports: [{ name: 'http', port: SERVICE_PORT, targetPort: 'http', protocol: 'TCP' }],
    },
  };
}

function objectMeta(app: AppObject): Deployment['metadata'] {
  const { name, namespace = '' } = app.metadata;
  return {
    name: templateName(name),
    namespace,
    labels: appLabels({ name, namespace }),
    ownerReferences: [ownedBy(app)],
  };
}
