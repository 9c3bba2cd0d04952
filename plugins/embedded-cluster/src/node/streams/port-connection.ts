import { connect, type Socket } from 'node:net';
import { EpinioError } from '@epinio/core';
import { realPort } from '../../controllers/pods/port-map.ts';
import type { PodWorker } from '../pod/pod-worker.ts';
import { listeningPortsOf } from '../process/listening-ports.ts';
import { readProcesses } from '../process/process-table.ts';

const TIMEOUT_MS = 10_000;
/** Where processes of a pod listen that do not listen on all addresses. */
const ADDRESSES = ['127.0.0.1', '::1'] as const;

/**
 * Connects to a port of a pod, as its containers declare it. Pods share this machine's ports, so only those can be
 * reached that one of its processes listens on. Fails with `PORT_UNREACHABLE`, and the words of a real node.
 */
export async function connectToPod(worker: PodWorker, port: number): Promise<Socket> {
  const pod = worker.pod();
  const real = realPort(pod, port);
  const { name, uid = '' } = pod.metadata;
  const reasons: string[] = [];
  const isOwn = listensOn(worker, real); // what the pod's annotation says, anybody may have written who changes pods
  for (const address of ADDRESSES) {
    try {
      if (!isOwn) throw new Error('connection refused');
      return await open(address, real);
    } catch (error) {
      reasons.push(reasonOf(error, address, real));
    }
  }
  const [ipv4, ipv6] = reasons;
  throw new EpinioError(
    'PORT_UNREACHABLE',
    `error forwarding port ${port} to pod ${name}, uid ${uid}: failed to connect to localhost:${real} inside ` +
      `namespace "${uid}", IPv4: ${ipv4 ?? ''} IPv6 ${ipv6 ?? ''}`,
  );
}

/** Whether a process of the pod listens there; where that cannot be seen, it may. */
function listensOn(worker: PodWorker, port: number): boolean {
  const table = readProcesses();
  if (table.length === 0) return true;
  const { containers, initContainers = [] } = worker.pod().spec;
  const processes = [...containers, ...initContainers].flatMap(
    ({ name }) => worker.container(name)?.running?.run.processes(table) ?? [],
  );
  return listeningPortsOf(processes).includes(port);
}

function open(host: string, port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, allowHalfOpen: true, noDelay: true, timeout: TIMEOUT_MS });
    socket.once('timeout', () => socket.destroy(new Error('i/o timeout')));
    socket.once('error', reject);
    socket.once('connect', () => {
      socket.setTimeout(0);
      socket.removeAllListeners('timeout').off('error', reject);
      socket.on('error', () => undefined); // seen in its end
      resolve(socket);
    });
  });
}

function reasonOf(error: unknown, address: string, port: number): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  const why = code === 'ECONNREFUSED' || !(error instanceof Error) ? 'connection refused' : error.message;
  const [network, host] = address === '::1' ? ['tcp6', '[::1]'] : ['tcp4', address];
  return `dial ${network} ${host}:${port}: connect: ${why}`;
}
