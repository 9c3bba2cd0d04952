import type { Container, Pod, ServicePort } from '@epinio/core';
import { realPort } from '../pods/port-map.ts';

/** The port that is really listened on; undefined when no container of the pod has one of that name and protocol. */
export function targetPort(servicePort: ServicePort, pod: Pod): number | undefined {
  const { port, protocol = 'TCP', targetPort: target = port } = servicePort;
  if (typeof target === 'number' || /^\d+$/.test(target)) return realPort(pod, Number(target));
  const { containers, initContainers = [] } = pod.spec;
  const lasting: readonly Container[] = [
    ...containers,
    ...initContainers.filter(({ restartPolicy }) => restartPolicy === 'Always'),
  ];
  const found = lasting
    .flatMap(({ ports = [] }) => ports)
    .find((declared) => declared.name === target && (declared.protocol ?? 'TCP') === protocol);
  return found === undefined ? undefined : realPort(pod, found.containerPort);
}
