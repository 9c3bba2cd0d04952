import {
  messageOf,
  type Clock,
  type ConfigMap,
  type KeyToPath,
  type Kube,
  type ObjectRef,
  type Pod,
  type Secret,
} from '@epinio/core';
import type { PodTokens } from '../../start.ts';
import { configError } from '../spec/environment.ts';
import { podField, resourceField, type NodeResources } from '../spec/pod-fields.ts';
import { podToken, type TokenSource } from './pod-token.ts';
import type { ProjectedFile } from './projected-folder.ts';

/** One source of a projected volume; `secret`, `configMap` and `downwardAPI` volumes are such with one source. */
export interface ProjectionSource {
  readonly secret?: NamedSource;
  readonly configMap?: NamedSource;
  readonly downwardAPI?: { readonly items?: readonly DownwardItem[] };
  readonly serviceAccountToken?: TokenSource;
  readonly clusterTrustBundle?: unknown;
}

interface NamedSource {
  readonly name?: string;
  readonly items?: readonly KeyToPath[];
  readonly optional?: boolean;
}

interface DownwardItem {
  readonly path: string;
  readonly mode?: number;
  readonly fieldRef?: { readonly fieldPath: string };
  readonly resourceFieldRef?: {
    readonly containerName?: string;
    readonly resource: string;
    readonly divisor?: string;
  };
}

export interface ProjectionContext {
  readonly kube: Kube;
  readonly pod: Pod;
  readonly nodeName: string;
  readonly resources: NodeResources;
  readonly tokens: PodTokens;
  readonly clock: Pick<Clock, 'now'>;
}

const DEFAULT_MODE = 0o644;

/**
 * The files of a volume that is made from objects. Fails with `CONFIG_ERROR`, in the kubelet's words, when one
 * that is not optional is missing.
 *
 * @param present what a file of the volume holds now; empty when it is not there
 */
export async function projectSources(
  context: ProjectionContext,
  volume: string,
  sources: readonly ProjectionSource[],
  present: (path: string) => string,
  defaultMode = DEFAULT_MODE,
): Promise<ReadonlyMap<string, ProjectedFile>> {
  const files = new Map<string, ProjectedFile>();
  const failure = (reason: string): Error =>
    configError(`MountVolume.SetUp failed for volume "${volume}" : ${reason}`);
  for (const { secret, configMap, downwardAPI, serviceAccountToken, ...other } of sources) {
    const source = secret ?? configMap;
    if (source !== undefined) {
      const ref = sourceRef(context.pod, source.name ?? '', secret === undefined ? 'ConfigMap' : 'Secret');
      const values = await readValues(context.kube, ref);
      if (values === undefined && source.optional === true) continue;
      if (values === undefined) throw failure(`${ref.kind.toLowerCase()} "${ref.name}" not found`);
      const items = source.items ?? [...values.keys()].map((key): KeyToPath => ({ key, path: key }));
      for (const { key, path, mode = defaultMode } of items) {
        const content = values.get(key);
        if (content !== undefined) files.set(checkedPath(path, failure), { content, mode });
        else if (source.optional !== true)
          throw failure(`references non-existent ${ref.kind.toLowerCase()} key: ${key}`);
      }
    }
    for (const item of downwardAPI?.items ?? []) {
      const content = Buffer.from(downwardValue(context, item));
      files.set(checkedPath(item.path, failure), { content, mode: item.mode ?? defaultMode });
    }
    if (serviceAccountToken !== undefined) {
      const path = checkedPath(serviceAccountToken.path, failure);
      const token = await podToken(context, serviceAccountToken, present(path)).catch((error: unknown) => {
        throw failure(messageOf(error));
      });
      files.set(path, { content: Buffer.from(token), mode: defaultMode });
    }
    const [unknown] = Object.keys(other);
    if (unknown !== undefined) throw failure(`the embedded cluster has no volume source "${unknown}"`);
  }
  return files;
}

/** The objects that a volume's files come from: a change of one of them changes the files. */
export function sourceObjects(pod: Pod, sources: readonly ProjectionSource[]): readonly ObjectRef[] {
  return sources.flatMap(({ secret, configMap }) => {
    const source = secret ?? configMap;
    return source === undefined
      ? []
      : [sourceRef(pod, source.name ?? '', secret === undefined ? 'ConfigMap' : 'Secret')];
  });
}

function sourceRef(pod: Pod, name: string, kind: 'Secret' | 'ConfigMap'): ObjectRef {
  return { apiVersion: 'v1', kind, namespace: pod.metadata.namespace ?? '', name };
}

async function readValues(kube: Kube, ref: ObjectRef): Promise<ReadonlyMap<string, Buffer> | undefined> {
  const object = await kube.get<Secret | ConfigMap>(ref);
  if (object === undefined) return undefined;
  const encoding = object.kind === 'Secret' ? 'base64' : 'utf8';
  const values = new Map(
    Object.entries(object.data ?? {}).map(([key, value]) => [key, Buffer.from(value, encoding)] as const),
  );
  if (object.kind === 'ConfigMap') {
    for (const [key, value] of Object.entries(object.binaryData ?? {}))
      values.set(key, Buffer.from(value, 'base64'));
  }
  return values;
}

function downwardValue({ pod, nodeName, resources }: ProjectionContext, item: DownwardItem): string {
  if (item.fieldRef !== undefined) return podField(pod, item.fieldRef.fieldPath, nodeName);
  const { resourceFieldRef } = item;
  const container = pod.spec.containers.find(({ name }) => name === resourceFieldRef?.containerName);
  if (resourceFieldRef === undefined || container === undefined) {
    throw configError(`downwardAPI item "${item.path}" names neither a field nor a container's resource`);
  }
  return resourceField(container, resourceFieldRef, resources);
}

/** Relative, and without a way out of the volume. */
function checkedPath(path: string, failure: (reason: string) => Error): string {
  const parts = path.split('/');
  if (path === '' || path.startsWith('/') || path.startsWith('..') || parts.includes('..')) {
    throw failure(`path "${path}" must be relative and must not contain ".."`);
  }
  return parts.filter((part) => part !== '' && part !== '.').join('/');
}
