import { hasCode, messageOf, type Log } from '@epinio/core';
import { objectsAt, stringAt } from '../../json.ts';
import type { Registry } from '../../registry/registry.ts';
import type { Resource } from '../../registry/resource.ts';
import { badRequest, internalError, StatusError } from '../../status.ts';
import type { ApiObject } from '../../storage/api-object.ts';
import type { Exchange } from '../exchange.ts';
import type { NodeAccess, RemoteProcess, StreamSelection } from '../node-access.ts';
import type { Route } from '../route.ts';

const GOING_AWAY = 1001;

export interface PodStreamTarget {
  readonly registry: Registry;
  readonly log: Log;
  readonly pods: Resource;
  readonly namespace: string;
  readonly name: string;
  readonly subresource: string;
  readonly node: NodeAccess | undefined;
  /** Called with what ends the stream when the server stops. */
  readonly follow: (stream: { end(): void }) => void;
}

/** Whether a route leads to a stream into a pod. */
export function isStreamed(route: Route): boolean {
  return route.kind === 'subresource' && STREAMED.has(`${route.resource.plural}/${route.subresource.name}`);
}

const STREAMED = new Set(['pods/attach', 'pods/exec', 'pods/portforward']);

/** GET and POST of `pods/exec` and `pods/attach`: what the process says and is told goes over a websocket. */
export async function streamPod(exchange: Exchange, target: PodStreamTarget): Promise<void> {
  const { registry, log, pods, namespace, name, subresource, node, follow } = target;
  const pod = registry.get(pods, namespace, name).object;
  const container = containerOf(pod, exchange.query.get('container') ?? '');
  if (stringAt(pod, 'spec', 'nodeName') === undefined) {
    throw badRequest(`pod ${name} does not have a host assigned`);
  }
  if (exchange.upgrade === undefined) throw badRequest('Upgrade request required');
  if (node === undefined) throw new StatusError(503, 'ServiceUnavailable', 'the cluster has no node yet');
  const { acceptWebsocket, offeredProtocols, wantsWebsocket } =
    await import('../streams/accept-websocket.ts');
  const { chooseProtocol, serveRemoteCommand } = await import('../streams/remote-command.ts');
  if (!wantsWebsocket(exchange)) throw badRequest('unable to upgrade: only websockets are spoken here');
  const protocol = chooseProtocol(offeredProtocols(exchange));
  if (protocol === undefined) {
    exchange.sendText(403, '');
    return;
  }

  const wanted = selectionOf(exchange);
  const command = exchange.query.getAll('command');
  const open = (): Promise<RemoteProcess> =>
    subresource === 'attach'
      ? node.streams.attach({ namespace, name }, container, wanted)
      : node.streams.exec({ namespace, name }, container, command, wanted);
  // Only the newest protocol can tell what goes wrong from here on; for the others it is the answer to the upgrade.
  const early = protocol.hasClose ? undefined : await open().catch(refuse);
  const socket = await acceptWebsocket(exchange, protocol.name).catch((error: unknown) => {
    early?.release();
    throw error;
  });
  follow({ end: () => socket.close(GOING_AWAY) });
  socket.on('error', (error) => log.debug('A websocket broke', { error: messageOf(error) }));
  const opening = (): Promise<RemoteProcess> =>
    early === undefined ? open().catch(refuse) : Promise.resolve(early);
  const describeExit = (exitCode: number): string =>
    protocol.hasClose
      ? `command terminated with exit code ${exitCode}`
      : `error executing command [${command.join(' ')}], exit code ${exitCode}`;
  serveRemoteCommand(socket, protocol, wanted, opening, describeExit).catch((error: unknown) => {
    log.error('A stream failed', { pod: `${namespace}/${name}`, subresource, error: messageOf(error) });
    socket.terminate();
  });
}

/** The streams that are asked for. Fails with 400. */
function selectionOf(exchange: Exchange): StreamSelection {
  const flag = (name: string): boolean => exchange.flag(name);
  const tty = flag('tty');
  const wanted = { stdin: flag('stdin'), stdout: flag('stdout'), stderr: flag('stderr') && !tty, tty };
  if (!wanted.stdin && !wanted.stdout && !wanted.stderr) {
    throw badRequest('you must specify at least 1 of stdin, stdout, stderr');
  }
  return wanted;
}

/** The container that is asked for, or the only one. */
function containerOf(pod: ApiObject, asked: string): string {
  const names = (list: string): readonly string[] =>
    objectsAt(pod, 'spec', list).map((container) => String(container['name']));
  const all = [...names('initContainers'), ...names('containers'), ...names('ephemeralContainers')];
  const { name } = pod.metadata;
  if (asked !== '') {
    if (!all.includes(asked)) throw badRequest(`container ${asked} is not valid for pod ${name}`);
    return asked;
  }
  const [only, ...others] = names('containers');
  if (only !== undefined && others.length === 0) return only;
  throw badRequest(`a container name must be specified for pod ${name}, choose one of: [${all.join(' ')}]`);
}

/** What the node says becomes what the API server makes of it. */
function refuse(error: unknown): never {
  if (hasCode(error, 'CONTAINER_NOT_FOUND')) {
    throw internalError(`unable to upgrade connection: ${messageOf(error)}`);
  }
  throw internalError(`error executing command in container: ${messageOf(error)}`);
}
