import { readFileSync, statfsSync } from 'node:fs';
import { arch, cpus, hostname, release, totalmem, version } from 'node:os';
import {
  hasCode,
  messageOf,
  type Clock,
  type Condition,
  type Kube,
  type KubeObject,
  type Log,
  type Node,
} from '@epinio/core';
import { rfc3339, rfc3339Micro } from '../controllers/machinery/rfc3339.ts';
import type { NodeResources } from './spec/pod-fields.ts';
import type { NodeTimings } from './timings.ts';

const LEASE_NAMESPACE = 'kube-node-lease';
const LEASE_SECONDS = 40;
const MAX_PODS = 1000;
/** The disk counts as full below this part of it, as for the kubelet. */
const DISK_PRESSURE = 0.05;
const KUBERNETES = 'v1.35.0';
/** In Go's words. */
const ARCHITECTURES: Readonly<Record<string, string>> = { x64: 'amd64', ia32: '386' };

export interface RegistrationOptions {
  readonly kube: Kube;
  readonly clock: Clock;
  readonly log: Log;
  readonly name: string;
  readonly folder: string;
  readonly boot: string;
  readonly resources: NodeResources;
  readonly timings: NodeTimings;
  readonly signal: AbortSignal;
}

/** What this machine has. */
export function machineResources(folder: string): NodeResources {
  const { blocks, bsize } = statfsSync(folder);
  return { cpus: cpus().length, memoryBytes: totalmem(), diskBytes: blocks * bsize };
}

/**
 * Keeps the Node object of this machine: makes it, tells its conditions, and renews its Lease until the signal is
 * aborted. Resolves when it is registered; what fails later is tried again with the next heartbeat.
 */
export async function registerNode(options: RegistrationOptions): Promise<void> {
  await writeNode(options);
  void heartbeat(options);
}

async function heartbeat(options: RegistrationOptions): Promise<void> {
  const { clock, timings, signal, log } = options;
  for (let beats = 0; !signal.aborted; beats++) {
    try {
      await renewLease(options);
      // The conditions are told every five minutes, as by the kubelet; the Lease is the heartbeat.
      if (beats > 0 && beats % Math.ceil(300_000 / timings.leaseRenewMs) === 0) await writeStatus(options);
    } catch (error) {
      if (!isAborted(signal)) log.warn('The node could not tell that it lives', { reason: messageOf(error) });
    }
    await clock.sleep(timings.leaseRenewMs, signal).catch(() => undefined); // aborted: the loop ends
  }
}

async function writeNode(options: RegistrationOptions): Promise<void> {
  const { kube, name, signal } = options;
  const node: Node = {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name,
      labels: {
        'kubernetes.io/hostname': name,
        'kubernetes.io/os': process.platform,
        'kubernetes.io/arch': ARCHITECTURES[arch()] ?? arch(),
        'node-role.kubernetes.io/control-plane': '',
      },
    },
    spec: {},
  };
  if ((await kube.get({ apiVersion: 'v1', kind: 'Node', name }, signal)) === undefined) {
    await kube.create(node, signal).catch((error: unknown) => {
      if (!hasCode(error, 'KUBE_ALREADY_EXISTS')) throw error;
    });
  }
  await writeStatus(options);
}

async function writeStatus(options: RegistrationOptions): Promise<void> {
  const { kube, name, signal, resources } = options;
  const ref = { apiVersion: 'v1', kind: 'Node', name };
  const present = await kube.get<Node>(ref, signal);
  const capacity = {
    cpu: String(resources.cpus),
    memory: `${Math.floor(resources.memoryBytes / 1024)}Ki`,
    'ephemeral-storage': `${Math.floor(resources.diskBytes / 1024)}Ki`,
    pods: String(MAX_PODS),
  };
  const status: NonNullable<Node['status']> = {
    capacity,
    allocatable: capacity,
    conditions: conditions(options, present?.status?.conditions ?? []),
    addresses: [
      { type: 'InternalIP', address: '127.0.0.1' },
      { type: 'Hostname', address: name },
    ],
    nodeInfo: nodeInfo(options),
  };
  await kube.patch(ref, { type: 'merge', patch: { status } }, { subresource: 'status', signal });
}

function conditions({ folder, clock }: RegistrationOptions, present: readonly Condition[]): Condition[] {
  const { bavail, blocks } = statfsSync(folder);
  const diskIsFull = bavail < blocks * DISK_PRESSURE;
  const now = rfc3339(clock.now());
  const condition = (type: string, holds: boolean, reason: string, message: string): Condition => {
    const status = holds ? 'True' : 'False';
    const before = present.find((each) => each.type === type);
    const since = before?.status === status ? before.lastTransitionTime : undefined;
    return { type, status, reason, message, lastTransitionTime: since ?? now, ...{ lastHeartbeatTime: now } };
  };
  return [
    condition(
      'MemoryPressure',
      false,
      'KubeletHasSufficientMemory',
      'kubelet has sufficient memory available',
    ),
    diskIsFull
      ? condition('DiskPressure', true, 'KubeletHasDiskPressure', 'kubelet has disk pressure')
      : condition('DiskPressure', false, 'KubeletHasNoDiskPressure', 'kubelet has no disk pressure'),
    condition('PIDPressure', false, 'KubeletHasSufficientPID', 'kubelet has sufficient PID available'),
    condition('Ready', true, 'KubeletReady', 'kubelet is posting ready status'),
  ];
}

function nodeInfo({ boot }: RegistrationOptions): Record<string, string> {
  const id = machineId();
  return {
    architecture: ARCHITECTURES[arch()] ?? arch(),
    bootID: boot,
    containerRuntimeVersion: 'epinio://0.1.0',
    kernelVersion: release(),
    kubeProxyVersion: '',
    kubeletVersion: `${KUBERNETES}+epinio`,
    machineID: id,
    operatingSystem: process.platform,
    osImage: osImage(),
    systemUUID: id,
  };
}

async function renewLease({ kube, name, clock, signal }: RegistrationOptions): Promise<void> {
  const renewTime = rfc3339Micro(clock.now());
  const ref = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', namespace: LEASE_NAMESPACE, name };
  try {
    await kube.patch(ref, { type: 'merge', patch: { spec: { renewTime } } }, { signal });
  } catch (error) {
    if (!hasCode(error, 'KUBE_NOT_FOUND')) throw error;
    await ensureNamespace(kube, LEASE_NAMESPACE, signal);
    const { namespace, ...kind } = ref;
    const lease: KubeObject = {
      ...{ apiVersion: kind.apiVersion, kind: kind.kind, metadata: { namespace, name } },
      spec: { holderIdentity: name, leaseDurationSeconds: LEASE_SECONDS, renewTime },
    };
    await kube.create(lease, signal);
  }
}

async function ensureNamespace(kube: Kube, name: string, signal: AbortSignal): Promise<void> {
  await kube
    .create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } }, signal)
    .catch((error: unknown) => {
      if (!hasCode(error, 'KUBE_ALREADY_EXISTS')) throw error;
    });
}

function machineId(): string {
  return readIfAny('/etc/machine-id').trim() || hostname();
}

function osImage(): string {
  return /^PRETTY_NAME="?([^"\n]*)"?$/m.exec(readIfAny('/etc/os-release'))?.[1] ?? version();
}

function readIfAny(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return ''; // not on every system
  }
}

function isAborted(signal: AbortSignal): boolean {
  return signal.aborted;
}
