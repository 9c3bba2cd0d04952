import { chownSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { EpinioError, type Container } from '@epinio/core';
import type { UnpackedImage } from '../image/image-folder.ts';
import { readTextIfAny, writeFileAtomic } from '../files.ts';
import { cgroupProcs } from '../limits/resource-limiter.ts';
import type { AttemptFolder } from '../layout.ts';
import { hostProgramFolders, nodeRuntime } from '../sandbox/host-system.ts';
import type { ContainerSpec, Mount } from '../sandbox/isolation.ts';
import { mountPath } from '../sandbox/mount-path.ts';
import { configError, containerEnvironment } from '../spec/environment.ts';
import { expandVariables } from '../spec/expand.ts';
import { serviceVariables } from '../spec/service-variables.ts';
import { quantityNumber } from '../spec/pod-fields.ts';
import { createTerminal } from '../streams/terminal.ts';
import { ContainerRun } from '../supervisor/container-run.ts';
import { podHostname, type PodHandle } from '../pod/pod-handle.ts';
import { resolveSubPath } from '../volumes/sub-path.ts';
import { writeAttempt, type AttemptRecord } from './attempt-record.ts';
import { containerArgv, containerEnv } from './container-command.ts';
import { ensureMountPoint, makeContainerFolders, writePodEtc } from './container-folders.ts';
import { terminationLog } from './describe-exit.ts';

const TERMINATION_LOG = '/dev/termination-log';

/** A container that was started, with what is needed to run more commands in it. */
export interface StartedContainer {
  readonly folder: AttemptFolder;
  readonly run: ContainerRun;
  readonly record: AttemptRecord;
  readonly spec: ContainerSpec;
}

/**
 * Resolves everything that a container's specification refers to, before anything of it is made. Fails with
 * `CONFIG_ERROR` when something is missing; it may then be called again.
 */
export async function resolveContainer(
  handle: PodHandle,
  container: Container,
  image: UnpackedImage,
  folder: AttemptFolder,
  port: number | undefined,
): Promise<ContainerSpec> {
  const { node, uid } = handle;
  const pod = handle.pod();
  refusePrivileges(container);
  const variables = await containerEnvironment({
    services: linkedServices(handle),
    ...{ kube: node.kube, pod, container, nodeName: node.config.name, resources: node.resources },
    fixed: port === undefined ? {} : { PORT: String(port) },
  });
  const hostname = podHostname(pod);
  return {
    argv: containerArgv(container, image, variables),
    env: containerEnv(image, variables, {
      hostname,
      nodeBin: nodeRuntime(node.execPath).bin,
      hostFolders: hostProgramFolders(node.hostPath),
    }),
    workingDir: container.workingDir ?? (image.config.WorkingDir || '/'),
    hostname,
    image: image.root,
    mounts: volumeMounts(handle, container, variables),
    ...{ tmp: folder.tmp, home: folder.home, etc: handle.folder.etc },
    ...(uid === undefined ? {} : { uid }),
  };
}

/** Makes the container's folders and starts it. Fails with `RUN_START_FAILED` and what the disk has to say. */
export async function startContainer(
  handle: PodHandle,
  container: Container,
  image: UnpackedImage,
  folder: AttemptFolder,
  resolved: ContainerSpec,
): Promise<StartedContainer> {
  const { node, uid } = handle;
  const isSandboxed = node.isolation.kind === 'bubblewrap';
  if (!isSandboxed && image.root.hasSystem) {
    throw new EpinioError(
      'RUN_START_FAILED',
      `image "${container.image ?? ''}" brings a system of its own (/bin/sh), which needs bubblewrap to run; install bubblewrap`,
    );
  }
  rmSync(folder.root, { recursive: true, force: true }); // of a start that was cut off
  mkdirSync(folder.run, { recursive: true, mode: 0o711 });
  if (uid !== undefined && !isSandboxed) chownSync(folder.run, uid, uid);
  writePodEtc(handle.folder, resolved.hostname, uid ?? process.getuid?.() ?? 0);
  handle.writeHosts();
  const copies = await makeContainerFolders(folder, image, uid);
  writeFileSync(terminationLog(folder), '');
  if (uid !== undefined) chownSync(terminationLog(folder), uid, uid);
  const lastWords = {
    source: terminationLog(folder),
    destination: container.terminationMessagePath ?? TERMINATION_LOG,
    readOnly: false,
  };
  const volumes = resolved.mounts.map((mount) => ({
    ...mount,
    destination: isSandboxed ? mountPath(image.root, mount.destination) : mount.destination,
  }));
  const terminal = container.tty === true ? createTerminal(uid) : undefined;
  const spec: ContainerSpec = {
    ...resolved,
    mounts: [...copies, ...volumes, lastWords],
    ...(terminal === undefined ? {} : { terminal: terminal.path, env: { TERM: 'xterm', ...resolved.env } }),
  };
  for (const mount of spec.mounts) ensureMountPoint(image.root, mount);

  const { memory, cpu } = container.resources?.limits ?? {};
  const launch = node.isolation.launch(spec);
  // A supervisor that is a user of its own may not join a group that root has made.
  const cgroups =
    launch.uid !== undefined
      ? {}
      : node.limiter.createGroups(groupName(handle, container, folder), {
          ...(memory === undefined ? {} : { memory: Math.ceil(quantityNumber(memory)) }),
          ...(cpu === undefined ? {} : { cpu: quantityNumber(cpu) }),
        });
  const record: AttemptRecord = {
    boot: node.boot,
    digest: image.digest,
    cgroups,
  };
  writeFileAtomic(folder.spec, JSON.stringify(spec));
  writeAttempt(folder, record);
  const run = await ContainerRun.start({
    folder: folder.run,
    script: node.script,
    ...launch,
    logFile: folder.log,
    hasInput: container.stdin === true,
    ...(terminal === undefined ? {} : { terminal }),
    ...(uid === undefined ? {} : { logOwner: uid }),
    cgroupProcs: cgroupProcs(cgroups),
  });
  return { folder, run, record, spec };
}

/** What a run of an earlier life of the platform was started with. */
export function readContainerSpec(folder: AttemptFolder): ContainerSpec | undefined {
  const text = readTextIfAny(folder.spec);
  return text === undefined ? undefined : (JSON.parse(text) as ContainerSpec);
}

/** As of now: a Service that is made later is not in the environment of what runs. */
function linkedServices(handle: PodHandle): ReadonlyMap<string, string> {
  const { node } = handle;
  const { metadata, spec } = handle.pod();
  const api = node.services('default').filter(({ metadata: { name } }) => name === 'kubernetes');
  return serviceVariables(
    spec.enableServiceLinks === false ? api : [...api, ...node.services(metadata.namespace)],
  );
}

function groupName(handle: PodHandle, { name }: Container, folder: AttemptFolder): string {
  const attempt = folder.root.slice(folder.root.lastIndexOf('/') + 1);
  return `${handle.pod().metadata.uid ?? ''}-${name}-${attempt}`;
}

function volumeMounts(
  handle: PodHandle,
  container: Container,
  variables: ReadonlyMap<string, string>,
): readonly Mount[] {
  const volumes = handle.volumes();
  return (container.volumeMounts ?? [])
    .map(({ name, mountPath, subPath, subPathExpr, readOnly = false }): Mount => {
      const volume = volumes.get(name);
      if (volume === undefined)
        throw configError(`volume "${name}" of container "${container.name}" is not in the pod`);
      const inside =
        subPath ?? (subPathExpr === undefined ? undefined : expandVariables(subPathExpr, variables));
      return {
        source: inside === undefined ? volume.folder : resolveSubPath(volume.folder, inside, handle.uid),
        destination: join('/', mountPath.replace(/\/+$/, '')),
        readOnly: readOnly || volume.readOnly,
      };
    })
    .sort((a, b) => a.destination.length - b.destination.length);
}

/** What no pod gets here: it would be more than its own. */
function refusePrivileges({ name, securityContext = {} }: Container): void {
  const capabilities = securityContext['capabilities'] as { readonly add?: readonly string[] } | undefined;
  if (securityContext['privileged'] === true) {
    throw configError(`container "${name}" asks to be privileged, which the embedded cluster refuses`);
  }
  const added = (capabilities?.add ?? []).filter((capability) => capability !== 'NET_BIND_SERVICE');
  if (added.length > 0) {
    throw configError(
      `container "${name}" asks for capabilities (${added.join(', ')}), which the embedded cluster refuses`,
    );
  }
}
