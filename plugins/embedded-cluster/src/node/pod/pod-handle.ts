import type { Container, Pod } from '@epinio/core';
import type { PodFolder } from '../layout.ts';
import type { NodeContext } from '../node-context.ts';
import type { PodVolume } from '../volumes/pod-volumes.ts';

/** What a container knows of its pod. */
export interface PodHandle {
  readonly node: NodeContext;
  readonly folder: PodFolder;
  /** The user that its processes run as; absent: who runs the platform. */
  readonly uid: number | undefined;
  /** As the API has it now. */
  pod(): Pod;
  volumes(): ReadonlyMap<string, PodVolume>;
  /** Brings the pod's /etc/hosts up to date. */
  writeHosts(): void;
  /** A PORT for a container that is about to start; undefined when it gets none. */
  assignPort(container: Container): Promise<number | undefined>;
  /** Writes the real ports to the pod's annotation, where the endpoints are made from it. */
  publishPorts(signal: AbortSignal): Promise<void>;
  /** The PORT that it was given. */
  portOf(container: Container): number | undefined;
  /** The real port behind one of the container's ports, by number or name. */
  realPort(container: Container, port: number | string): number | undefined;
  /** The status of a container is another now. */
  changed(): void;
  /** Resolves when something that the pod refers to has changed, or after `ms`. */
  waitForChange(ms: number, signal: AbortSignal): Promise<void>;
  event(type: 'Normal' | 'Warning', reason: string, message: string, container?: Container): void;
}

/** `namespace/name`, as messages and keys have it. */
export function podKey({ metadata }: Pod): string {
  return `${metadata.namespace ?? ''}/${metadata.name}`;
}

/** Of the pod's containers: spec.hostname, else its name, as the kubelet cuts it. */
export function podHostname({ metadata, spec }: Pod): string {
  return (spec.hostname ?? metadata.name).slice(0, 63).replace(/[-.]+$/, '');
}
