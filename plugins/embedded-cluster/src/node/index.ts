import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { ConfigMap, KubeObject, PersistentVolumeClaim, Pod, Secret, Service } from '@epinio/core';
import { createEventRecorder } from '../controllers/machinery/event-recorder.ts';
import type { PersistentVolume } from '../controllers/pods/persistent-volume.ts';
import type { PodTokens, StartContext, StartedNode } from '../start.ts';
import { nodeConfig, type NodeConfig } from './config.ts';
import { writeFileAtomic } from './files.ts';
import { ImageStore } from './image/image-store.ts';
import { NodeLayout } from './layout.ts';
import { ResourceLimiter } from './limits/resource-limiter.ts';
import type { NodeContext } from './node-context.ts';
import { NodeLogs } from './node-logs.ts';
import { PodUids } from './pod/pod-uids.ts';
import { PodManager } from './pod-manager.ts';
import { PortAllocator } from './ports/port-allocator.ts';
import { bootId } from './process/process-identity.ts';
import { machineResources, registerNode } from './registration.ts';
import { chooseIsolation } from './sandbox/choose-isolation.ts';
import { nodeRuntime } from './sandbox/host-system.ts';
import { SimulatedNode } from './simulated-node.ts';
import { NodeStreams } from './streams/node-streams.ts';
import { SUPERVISE_SCRIPT } from './supervisor/supervise-script.ts';
import { NODE_TIMINGS, type NodeTimings } from './timings.ts';
import { reclaimVolumes } from './volumes/reclaim-volumes.ts';

export { nodeConfig };
export type { NodeConfig };

export interface StartNodeAgentOptions extends StartContext {
  readonly tokens: PodTokens;
  /** The plugin's folder; the agent keeps its files in `node/` below it. */
  readonly dataDirectory: string;
  readonly config: { readonly node?: Partial<NodeConfig> };
  /** For tests. */
  readonly timings?: Partial<NodeTimings>;
}

/** The agent of this machine's node. */
export interface NodeAgent extends StartedNode {
  /** Ends all containers, with at most so much grace; their pods stay, and begin again with the next start. Then `close`. */
  stopAllPods(graceMs: number): Promise<void>;
}

/**
 * Registers this machine as a node and runs the pods that are bound to it. Resolves when those that were running
 * are found again. `close` leaves them running.
 */
export async function startNodeAgent(options: StartNodeAgentOptions): Promise<NodeAgent> {
  const { kube, informers, clock, signal, dataDirectory, tokens } = options;
  const config = nodeConfig.parse(options.config.node ?? {});
  const timings = { ...NODE_TIMINGS, ...options.timings };
  const log = options.log.child({ component: 'node-agent' });
  const layout = makeFolders(new NodeLayout(join(dataDirectory, 'node')));
  const boot = bootId();
  const resources = machineResources(layout.root);
  const closed = new AbortController();
  const running = AbortSignal.any([closed.signal, signal]);

  const hostFolders = [...nodeRuntime(process.execPath).folders, ...config.hostFolders];
  // Tried out while the node registers.
  const isolating = config.simulated
    ? undefined
    : chooseIsolation({ wanted: config.isolation, folder: layout.root, hostFolders, log });
  isolating?.catch(() => undefined); // reported where it is awaited

  const pods = informers.open<Pod>({ apiVersion: 'v1', kind: 'Pod' });
  const events = createEventRecorder({ kube, clock, log, component: 'kubelet', host: config.name });
  await registerNode({
    ...{ kube, clock, log, boot, resources, timings, signal: running },
    ...{ name: config.name, folder: layout.root },
  });
  await pods.synced(running);

  if (isolating === undefined) {
    const simulated = new SimulatedNode({ kube, clock, log, config });
    simulated.start(pods);
    const close = async (): Promise<void> => {
      closed.abort(new Error('the node agent is closed'));
      simulated.close();
    };
    const nothing = (): undefined => undefined;
    const access = { logs: new NodeLogs(nothing, clock), streams: new NodeStreams(nothing) };
    return { ...access, close, stopAllPods: close };
  }

  const isolation = await isolating;
  const forAllUsers = isolation.firstUid !== undefined;
  const services = informers.open<Service>({ apiVersion: 'v1', kind: 'Service' });
  const seed = createHash('sha256').update(layout.root).digest();
  const script = layout.script(SUPERVISE_SCRIPT);
  writeFileAtomic(script, SUPERVISE_SCRIPT, 0o644);
  // eslint-disable-next-line no-restricted-properties -- where this machine keeps its programs is known by its PATH alone
  const hostPath = process.env['PATH'] ?? '';
  const node: NodeContext = {
    ...{ kube, log, clock, config, timings, events, layout, isolation, resources, boot, script, tokens },
    services: (namespace) => services.list(namespace),
    images: new ImageStore({
      folder: layout.images,
      boot,
      forAllUsers,
      cacheBytes: config.imageCacheBytes,
      hostPath,
      log,
      clock,
    }),
    ports: new PortAllocator({ first: config.firstPort, last: config.lastPort }, seed.readUInt32BE()),
    users:
      isolation.firstUid === undefined
        ? undefined
        : new PodUids(layout, isolation.firstUid, seed.readUInt32BE(4)),
    limiter: new ResourceLimiter({
      name: `epinio-${seed.toString('hex').slice(0, 12)}`,
      log,
      pollMs: timings.memoryPollMs,
    }),
    execPath: process.execPath,
    hostPath,
  };
  const manager = new PodManager(node);
  await Promise.all([manager.start(pods), services.synced(running)]);
  const unsubscribe = watchReferenced(options, manager);
  unsubscribe.push(services.subscribe(() => manager.onServices()));
  const volumes = informers.open<PersistentVolume & KubeObject>({
    apiVersion: 'v1',
    kind: 'PersistentVolume',
  });
  unsubscribe.push(reclaimVolumes({ kube, volumes, layout, log }));

  async function close(): Promise<void> {
    closed.abort(new Error('the node agent is closed'));
    for (const end of unsubscribe) end();
    await manager.close();
    node.images.close();
    node.limiter.close();
    await events.flush();
  }

  return {
    logs: new NodeLogs((ref, container) => manager.find(ref)?.container(container), clock),
    streams: new NodeStreams((ref) => manager.find(ref)),
    close,
    async stopAllPods(graceMs) {
      await manager.shutDown(graceMs);
      await close();
    },
  };
}

/** Others may go through these folders, since pods can be other users, but not look into them. */
function makeFolders(layout: NodeLayout): NodeLayout {
  for (const folder of [layout.root, layout.pods, layout.volumes, layout.images]) {
    mkdirSync(folder, { recursive: true });
    chmodSync(folder, 0o711);
  }
  return layout;
}

/** Pods hear of changes of the objects that they refer to. */
function watchReferenced({ informers }: StartNodeAgentOptions, manager: PodManager): (() => void)[] {
  return ['Secret', 'ConfigMap', 'PersistentVolumeClaim', 'ServiceAccount'].map((kind) =>
    informers
      .open<Secret | ConfigMap | PersistentVolumeClaim>({ apiVersion: 'v1', kind })
      .subscribe(({ object: { metadata } }) => manager.onReferenced(kind, metadata.namespace, metadata.name)),
  );
}
