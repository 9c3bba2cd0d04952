import type { Pod } from '@epinio/core';

/** Set by the node agent: JSON object from a container port to the port that is really listened on. */
export const PORTS_ANNOTATION = 'node.epinio.io/ports';
/** Key of the port that stands for every port of a container that declares none. */
export const ANY_PORT = '*';

/** The real port behind a container port of the pod; itself where the node has mapped nothing. */
export function realPort(pod: Pod, containerPort: number): number {
  const text = pod.metadata.annotations?.[PORTS_ANNOTATION];
  if (text === undefined) return containerPort;
  const map = parse(text);
  return map[String(containerPort)] ?? map[ANY_PORT] ?? containerPort;
}

/** An annotation can be anything that someone wrote. */
function parse(text: string): Readonly<Record<string, number>> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, number>) : {};
  } catch {
    return {};
  }
}
