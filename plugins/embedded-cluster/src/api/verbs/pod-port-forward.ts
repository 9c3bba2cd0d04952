import { messageOf } from '@epinio/core';
import { stringAt } from '../../json.ts';
import { badRequest, StatusError } from '../../status.ts';
import type { Exchange } from '../exchange.ts';
import type { PodStreamTarget } from './pod-streams.ts';

const GOING_AWAY = 1001;

/** GET and POST of `pods/portforward`: connections to ports of the pod go over a websocket, by SPDY or by channels. */
export async function forwardPodPorts(exchange: Exchange, target: PodStreamTarget): Promise<void> {
  const { registry, log, pods, namespace, name, node, follow } = target;
  const pod = registry.get(pods, namespace, name).object;
  if (stringAt(pod, 'spec', 'nodeName') === undefined) {
    throw badRequest(`pod ${name} does not have a host assigned`);
  }
  if (exchange.upgrade === undefined) throw badRequest('Upgrade request required');
  if (node === undefined) throw new StatusError(503, 'ServiceUnavailable', 'the cluster has no node yet');
  const { acceptWebsocket, offeredProtocols, wantsWebsocket } =
    await import('../streams/accept-websocket.ts');
  const { serveSpdyPortForward, SPDY_PROTOCOL } = await import('../streams/port-forward-spdy.ts');
  const { PORT_FORWARD_PROTOCOLS, portsOf, serveChannelPortForward } =
    await import('../streams/port-forward-channels.ts');
  if (!wantsWebsocket(exchange)) throw badRequest('unable to upgrade: only websockets are spoken here');

  const connect = (port: number) => node.streams.connect({ namespace, name }, port);
  const accept = async (protocol: string) => {
    const socket = await acceptWebsocket(exchange, protocol);
    follow({ end: () => socket.close(GOING_AWAY) });
    socket.on('error', (error) => log.debug('A websocket broke', { error: messageOf(error) }));
    return socket;
  };
  const offered = offeredProtocols(exchange);
  if (offered.includes(SPDY_PROTOCOL)) {
    serveSpdyPortForward(await accept(SPDY_PROTOCOL), connect);
    return;
  }
  const protocol = (offered.length === 0 ? [''] : offered).find((each) => PORT_FORWARD_PROTOCOLS.has(each));
  if (protocol === undefined) {
    exchange.sendText(403, '');
    return;
  }
  const ports = portsOf(exchange.query);
  const socket = await accept(protocol);
  const isBase64 = PORT_FORWARD_PROTOCOLS.get(protocol) === true;
  serveChannelPortForward(socket, isBase64, ports, connect).catch((error: unknown) => {
    log.debug('Ports are forwarded no longer', { pod: `${namespace}/${name}`, error: messageOf(error) });
  });
}
