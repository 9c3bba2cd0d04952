import type { Container, Job, PodSpec, StagingRequest, Volume, VolumeMount } from '@epinio/core';
import { BUILDER_PATHS, lifecyclePath } from '../builder-image/contents.ts';
import { bytesOf } from '../config.ts';
import type { Config } from '../config.ts';
import { runLabels, runNames } from './labels.ts';

/** In the order in which they run; the last one is the Job's own. */
export const CONTAINERS = ['unpack-blob', 'buildpack', 'export'] as const;

const PROGRAMS = { 'unpack-blob': 'unpacker', buildpack: 'builder', export: 'exporter' } as const;

/** The Secret with the registry's credentials, made by the platform; there is none when the registry asks for none. */
const REGISTRY_SECRET = 'registry-creds';
/** The platform removes runs; this is for those that it forgot. */
const KEEP_SECONDS = 7 * 24 * 3600;
/** What a build has for ending after the signal to end. */
const GRACE_SECONDS = 5;

/** Paths in the containers. Each is the mount of a volume, so that they can be told elsewhere, too. */
const MOUNTS = {
  app: '/workspace',
  layers: '/layers',
  cache: '/cache',
  environment: '/platform/env',
  source: '/source',
  auth: '/registry-auth',
} as const;

export interface JobOptions {
  readonly namespace: string;
  /** The builder image, as nodes pull it. */
  readonly builderImage: string;
  readonly config: Config;
}

/**
 * The Job of a staging run. Only `unpack-blob` can read the sources' link, only `export` the registry's
 * credentials; `buildpack` runs other people's programs and has neither.
 */
export function stagingJob(request: StagingRequest, options: JobOptions): Job {
  const labels = runLabels(request);
  const { annotations } = request;
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name: runNames(request).job, namespace: options.namespace, labels, annotations },
    spec: {
      backoffLimit: 0,
      activeDeadlineSeconds: options.config.buildTimeoutSeconds,
      ttlSecondsAfterFinished: KEEP_SECONDS,
      template: { metadata: { labels, annotations }, spec: podSpec(request, options) },
    },
  };
}

function podSpec(request: StagingRequest, options: JobOptions): PodSpec {
  const { config } = options;
  const mount = (name: keyof typeof MOUNTS, readOnly = false): VolumeMount => ({
    name,
    mountPath: MOUNTS[name],
    ...(readOnly && { readOnly }),
  });
  const unpack = container('unpack-blob', options, {
    args: [
      '--url-file',
      `${MOUNTS.source}/url`,
      '--app',
      MOUNTS.app,
      '--max-bytes',
      `${bytesOf(config.disk)}`,
    ],
    volumeMounts: [mount('app'), mount('source', true)],
  });
  const build = container('buildpack', options, {
    args: [
      ...['--app', MOUNTS.app, '--layers', MOUNTS.layers, '--environment', MOUNTS.environment],
      ...['--cache', MOUNTS.cache, '--buildpacks', BUILDER_PATHS.buildpacks, '--order', BUILDER_PATHS.order],
    ],
    env: [{ name: 'HOME', value: `${MOUNTS.layers}/.home` }],
    volumeMounts: [mount('app'), mount('layers'), mount('cache', true), mount('environment', true)],
  });
  const push = container('export', options, {
    args: [
      ...['--app', MOUNTS.app, '--layers', MOUNTS.layers, '--image', request.image],
      ...['--cache', MOUNTS.cache, '--cache-limit', `${bytesOf(config.cacheSize)}`],
      ...['--auth', `${MOUNTS.auth}/config.json`],
    ],
    volumeMounts: [mount('app'), mount('layers'), mount('cache'), mount('auth', true)],
  });
  return {
    restartPolicy: 'Never',
    terminationGracePeriodSeconds: GRACE_SECONDS,
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    imagePullSecrets: [{ name: REGISTRY_SECRET }],
    initContainers: [unpack, build],
    containers: [push],
    volumes: volumes(request, config),
  };
}

function container(
  name: (typeof CONTAINERS)[number],
  { builderImage, config }: JobOptions,
  part: Pick<Container, 'args' | 'env' | 'volumeMounts'>,
): Container {
  return {
    name,
    image: builderImage,
    imagePullPolicy: 'IfNotPresent',
    command: ['node', lifecyclePath(PROGRAMS[name])],
    workingDir: MOUNTS.app,
    // Where a node keeps termination messages: why a container failed, when its log is gone.
    terminationMessagePolicy: 'FallbackToLogsOnError',
    resources: { limits: { memory: config.memory, 'ephemeral-storage': config.disk } },
    ...part,
  };
}

function volumes(request: StagingRequest, { disk }: Config): readonly Volume[] {
  const names = runNames(request);
  const name = (mount: keyof typeof MOUNTS): keyof typeof MOUNTS => mount;
  return [
    { name: name('app'), emptyDir: { sizeLimit: disk } },
    { name: name('layers'), emptyDir: { sizeLimit: disk } },
    { name: name('cache'), persistentVolumeClaim: { claimName: names.cache } },
    { name: name('environment'), secret: { secretName: names.environment } },
    { name: name('source'), secret: { secretName: names.source } },
    {
      name: name('auth'),
      secret: {
        secretName: REGISTRY_SECRET,
        optional: true,
        items: [{ key: '.dockerconfigjson', path: 'config.json' }],
      },
    },
  ];
}
