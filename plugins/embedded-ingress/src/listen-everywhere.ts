import { once } from 'node:events';
import type { Server } from 'node:http';
import { createServer } from 'node:net';
import { networkInterfaces } from 'node:os';

/**
 * Listens at each address of this machine, where listening at all of them at once is not possible because another
 * program has the port at an address of its own: the embedded cluster's Services have theirs in 127/8. Addresses
 * that the machine gets later are not among them. Fails as `listen` does.
 * @param wildcard "0.0.0.0", or "::" for IPv6, too
 * @returns what stops listening at the addresses that the server itself is not at; to be called with its own `close`
 */
export async function listenEverywhere(server: Server, port: number, wildcard: string): Promise<() => void> {
  const addresses = Object.values(networkInterfaces())
    .flatMap((all) => all ?? [])
    .filter(({ family, scopeid = 0 }) => family === 'IPv4' || (wildcard === '::' && scopeid === 0))
    .map(({ address }) => address);
  const [first = '127.0.0.1', ...further] = [...new Set(addresses)];
  const doors = further.map((host) => {
    const door = createServer((socket) => server.emit('connection', socket));
    door.maxConnections = server.maxConnections;
    door.listen({ port, host });
    return door;
  });
  try {
    server.listen({ port, host: first });
    await Promise.all([server, ...doors].map((each) => once(each, 'listening')));
    for (const door of doors) door.on('error', (error) => server.emit('error', error));
    return () => {
      for (const door of doors) door.close();
    };
  } catch (error) {
    for (const each of [server, ...doors]) each.close();
    throw error;
  }
}
