import type { Container, Pod } from '@epinio/core';
import { PORTS_ANNOTATION, ANY_PORT } from '../../controllers/pods/port-map.ts';
import type { NodeContext } from '../node-context.ts';
import { isFree } from '../ports/port-allocator.ts';

/**
 * The real ports of a pod. Pods share the machine's ports, so each container that listens gets one of its own as
 * PORT; it stands for the first port that the container declares. Further declared ports are themselves.
 */
export class PodPorts {
  readonly #node: NodeContext;
  readonly #owner: string;
  readonly #ports = new Map<string, number>();
  #published: string | undefined;

  /** @param recorded of an earlier life of the platform */
  constructor(node: NodeContext, owner: string, recorded: Readonly<Record<string, number>>) {
    this.#node = node;
    this.#owner = owner;
    for (const [container, port] of Object.entries(recorded)) {
      if (node.ports.reserve(port, this.#ownerOf(container))) this.#ports.set(container, port);
    }
  }

  get record(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#ports);
  }

  get(container: Container): number | undefined {
    return this.#ports.get(container.name);
  }

  /** Gives the container a port unless it has one that is still free. @returns whether something changed */
  async assign(pod: Pod, container: Container): Promise<boolean> {
    if (!getsPort(pod, container)) return false;
    const known = this.#ports.get(container.name);
    if (known !== undefined && (await isFree(known))) return false;
    this.#node.ports.release(this.#ownerOf(container.name));
    const wanted = container.ports?.[0]?.hostPort;
    const port =
      wanted !== undefined && this.#node.ports.reserve(wanted, this.#ownerOf(container.name))
        ? wanted
        : await this.#node.ports.take(this.#ownerOf(container.name));
    this.#ports.set(container.name, port);
    return true;
  }

  /** Writes the mapping to the pod, where the endpoint controller reads it; nothing when it is there. */
  async publish(pod: Pod, signal: AbortSignal): Promise<void> {
    const value = JSON.stringify(this.#mapping(pod));
    if (value === '{}' || value === (this.#published ?? pod.metadata.annotations?.[PORTS_ANNOTATION])) return;
    const { namespace = '', name } = pod.metadata;
    await this.#node.kube.patch(
      { apiVersion: 'v1', kind: 'Pod', namespace, name },
      { type: 'merge', patch: { metadata: { annotations: { [PORTS_ANNOTATION]: value } } } },
      { signal },
    );
    this.#published = value;
  }

  /** The real port behind a port of the container, by number or name; undefined for a name that it has not. */
  resolve(container: Container, port: number | string): number | undefined {
    const declared = container.ports ?? [];
    const number =
      typeof port === 'string' && !/^\d+$/.test(port)
        ? declared.find(({ name }) => name === port)?.containerPort
        : Number(port);
    if (number === undefined) return undefined;
    const own = this.get(container);
    return own !== undefined && (declared[0]?.containerPort ?? number) === number ? own : number;
  }

  release(): void {
    for (const container of this.#ports.keys()) this.#node.ports.release(this.#ownerOf(container));
  }

  #mapping({ spec }: Pod): Record<string, number> {
    const mapping: Record<string, number> = {};
    for (const container of spec.containers) {
      const port = this.get(container);
      if (port !== undefined) mapping[container.ports?.[0]?.containerPort ?? ANY_PORT] = port;
    }
    return mapping;
  }

  #ownerOf(container: string): string {
    return `${this.#owner}/${container}`;
  }
}

/** Those that declare ports, and the first of a pod that goes on. */
function getsPort({ spec }: Pod, container: Container): boolean {
  if ((container.ports ?? []).length > 0) return true;
  return (spec.restartPolicy ?? 'Always') === 'Always' && spec.containers[0]?.name === container.name;
}
