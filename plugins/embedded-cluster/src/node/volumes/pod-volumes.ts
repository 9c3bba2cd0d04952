import { chownSync, mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Kube, ObjectRef, PersistentVolumeClaim, Pod, Volume } from '@epinio/core';
import type { NodeLayout, PodFolder } from '../layout.ts';
import { configError } from '../spec/environment.ts';
import { presentFile, projectFiles } from './projected-folder.ts';
import {
  projectSources,
  sourceObjects,
  type ProjectionContext,
  type ProjectionSource,
} from './projection.ts';

/** A volume that is ready to be mounted. */
export interface PodVolume {
  readonly name: string;
  /** Real folder. */
  readonly folder: string;
  readonly readOnly: boolean;
}

export interface PodVolumesContext extends ProjectionContext {
  readonly kube: Kube;
  readonly layout: NodeLayout;
  readonly folder: PodFolder;
  /** PersistentVolume by claim. */
  readonly bound: ReadonlyMap<string, string>;
  /** Owner of what is made; absent: who runs the platform. */
  readonly uid: number | undefined;
}

/** Makes the pod's volumes, or brings them up to date. Fails with `CONFIG_ERROR`: then mended, it may be called again. */
export async function preparePodVolumes(context: PodVolumesContext): Promise<ReadonlyMap<string, PodVolume>> {
  const volumes = new Map<string, PodVolume>();
  for (const volume of context.pod.spec.volumes ?? []) {
    volumes.set(volume.name, await prepareVolume(context, volume));
  }
  return volumes;
}

/** Objects whose changes change the content of the pod's volumes. */
export function volumeObjects(pod: Pod): readonly ObjectRef[] {
  return (pod.spec.volumes ?? []).flatMap((volume) =>
    sourceObjects(pod, projectionOf(volume)?.sources ?? []),
  );
}

/** Whether one of the pod's volumes holds a token, which has to be renewed. */
export function holdsTokens(pod: Pod): boolean {
  return (pod.spec.volumes ?? []).some((volume) =>
    projectionOf(volume)?.sources.some(({ serviceAccountToken }) => serviceAccountToken !== undefined),
  );
}

/** The claims that the pod's volumes are. */
export function claimNames(pod: Pod): readonly string[] {
  return (pod.spec.volumes ?? []).flatMap(({ persistentVolumeClaim: claim }) => claim?.claimName ?? []);
}

async function prepareVolume(context: PodVolumesContext, volume: Volume): Promise<PodVolume> {
  const { name, emptyDir, hostPath, persistentVolumeClaim } = volume;
  const folder = context.folder.volume(name);
  if (emptyDir !== undefined) {
    makeOwned(folder, context.uid);
    return { name, folder, readOnly: false };
  }
  if (persistentVolumeClaim !== undefined) {
    const { claimName, readOnly = false } = persistentVolumeClaim;
    const bound = context.bound.get(claimName);
    if (bound === undefined) throw configError(`persistentvolumeclaim "${claimName}" not found`);
    const data = context.layout.persistentVolume(bound);
    makeOwned(data, context.uid);
    return { name, folder: data, readOnly };
  }
  const projection = projectionOf(volume);
  if (projection !== undefined) {
    projectFiles(
      folder,
      await projectSources(
        context,
        name,
        projection.sources,
        (path) => presentFile(folder, path),
        projection.defaultMode,
      ),
      context.uid,
    );
    return { name, folder, readOnly: true };
  }
  if (hostPath !== undefined) {
    throw configError(
      `volume "${name}" is a hostPath (${hostPath.path}), which the embedded cluster refuses; use a PersistentVolumeClaim or an emptyDir`,
    );
  }
  const type = Object.keys(volume).find((key) => key !== 'name') ?? 'none';
  throw configError(`volume "${name}" is of type "${type}", which the embedded cluster does not have`);
}

function projectionOf(
  volume: Volume,
): { readonly sources: readonly ProjectionSource[]; readonly defaultMode: number | undefined } | undefined {
  const { secret, configMap, projected, downwardAPI } = volume;
  if (secret !== undefined) {
    const { secretName = '', defaultMode, ...rest } = secret;
    return { sources: [{ secret: { name: secretName, ...rest } }], defaultMode };
  }
  if (configMap !== undefined) {
    const { defaultMode, ...rest } = configMap;
    return { sources: [{ configMap: rest }], defaultMode };
  }
  if (downwardAPI !== undefined) {
    return { sources: [{ downwardAPI }], defaultMode: downwardAPI['defaultMode'] as number | undefined };
  }
  return projected && { sources: projected.sources ?? [], defaultMode: projected.defaultMode };
}

/** The PersistentVolumes behind the pod's claims, by claim. Fails with `CONFIG_ERROR` until all are bound. */
export async function boundVolumes(kube: Kube, pod: Pod): Promise<ReadonlyMap<string, string>> {
  const { namespace = '' } = pod.metadata;
  const volumes = new Map<string, string>();
  for (const name of claimNames(pod)) {
    const ref = { apiVersion: 'v1', kind: 'PersistentVolumeClaim', namespace, name };
    const claim = await kube.get<PersistentVolumeClaim>(ref);
    if (claim === undefined) throw configError(`persistentvolumeclaim "${name}" not found`);
    const volumeName = claim.spec?.volumeName;
    if (claim.status?.phase !== 'Bound' || volumeName === undefined) {
      throw configError(`persistentvolumeclaim "${name}" is not bound to a volume yet`);
    }
    volumes.set(name, volumeName);
  }
  return volumes;
}

function makeOwned(folder: string, uid: number | undefined): void {
  // The pod's user has to get through what is above, which only root may look into.
  mkdirSync(dirname(folder), { recursive: true, mode: 0o711 });
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  if (uid !== undefined && statSync(folder).uid !== uid) chownSync(folder, uid, uid);
}
