import type { PersistentVolumeClaim, Secret, StagingRequest } from '@epinio/core';
import type { Config } from '../config.ts';
import { LABELS, runLabels, runNames } from './labels.ts';

/** The build environment, one key a variable. */
export function environmentSecret(
  namespace: string,
  request: StagingRequest,
  environment: Readonly<Record<string, string>>,
): Secret {
  return secret(namespace, runNames(request).environment, request, environment);
}

/** The link to the sources, which is as good as the sources. */
export function sourceSecret(namespace: string, request: StagingRequest, url: string): Secret {
  return secret(namespace, runNames(request).source, request, { url });
}

function secret(
  namespace: string,
  name: string,
  request: StagingRequest,
  values: Readonly<Record<string, string>>,
): Secret {
  const data = Object.fromEntries(
    Object.entries(values).map(([key, value]) => [key, Buffer.from(value).toString('base64')]),
  );
  const metadata = { name, namespace, labels: runLabels(request) };
  return { apiVersion: 'v1', kind: 'Secret', metadata, type: 'Opaque', data };
}

/** What builds of an application keep for the next one. It stays as long as the application. */
export function cacheClaim(
  namespace: string,
  request: StagingRequest,
  { cacheSize }: Config,
): PersistentVolumeClaim {
  const labels = {
    [LABELS.name]: request.app.name,
    [LABELS.partOf]: request.app.namespace,
    [LABELS.managedBy]: 'epinio',
    [LABELS.component]: 'staging',
  };
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name: runNames(request).cache, namespace, labels },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: cacheSize } } },
  };
}
