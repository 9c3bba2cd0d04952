import type { Clock, Kube, Log, Service } from '@epinio/core';
import type { EventRecorder } from '../controllers/machinery/event-recorder.ts';
import type { PodTokens } from '../start.ts';
import type { NodeConfig } from './config.ts';
import type { ImageStore } from './image/image-store.ts';
import type { NodeLayout } from './layout.ts';
import type { ResourceLimiter } from './limits/resource-limiter.ts';
import type { PortAllocator } from './ports/port-allocator.ts';
import type { Isolation } from './sandbox/isolation.ts';
import type { PodUids } from './pod/pod-uids.ts';
import type { NodeResources } from './spec/pod-fields.ts';
import type { NodeTimings } from './timings.ts';

/** What everything that runs pods shares. */
export interface NodeContext {
  readonly kube: Kube;
  /** Those of a namespace, or all. */
  readonly services: (namespace: string | undefined) => readonly Service[];
  readonly tokens: PodTokens;
  readonly log: Log;
  readonly clock: Clock;
  readonly config: NodeConfig;
  readonly timings: NodeTimings;
  readonly events: EventRecorder;
  readonly layout: NodeLayout;
  readonly images: ImageStore;
  readonly ports: PortAllocator;
  readonly isolation: Isolation;
  /** Absent when pods have no users of their own. */
  readonly users: PodUids | undefined;
  readonly limiter: ResourceLimiter;
  readonly resources: NodeResources;
  /** Of this boot of the machine; see `bootId`. */
  readonly boot: string;
  /** Path of the supervisor's script. */
  readonly script: string;
  /** Path of the Node.js program that runs the platform. */
  readonly execPath: string;
  /** The platform's own PATH. */
  readonly hostPath: string;
}
