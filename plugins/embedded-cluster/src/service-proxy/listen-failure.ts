import { readFileSync } from 'node:fs';
import type { Frontend } from './frontends.ts';

/** Says why an address cannot be listened on, and what to do; undefined when nothing is wrong for its clients. */
export function listenFailure(
  { code, message }: NodeJS.ErrnoException,
  { address, port, targets }: Frontend,
): string | undefined {
  const what = `Port ${port} of ${address} cannot be opened`;
  switch (code) {
    case 'EADDRINUSE':
      // A pod that listens on all addresses of the machine is at this address as well.
      if (targets.some((target) => target.port === port)) return undefined;
      return `${what}: a program of this machine listens on that port at all addresses, and gets the connections; let it listen on 127.0.0.1, or give the Service another port`;
    case 'EACCES':
      return `${what}: ports below ${firstUnprivilegedPort()} need a privilege here; give the Service a higher port, or allow it with "sysctl net.ipv4.ip_unprivileged_port_start=${port}"`;
    case 'EADDRNOTAVAIL':
      return `${what}: this system has no such address; use a node port, or add the address to its loopback interface`;
    default:
      return `${what}: ${message}`;
  }
}

function firstUnprivilegedPort(): number {
  try {
    return Number(readFileSync('/proc/sys/net/ipv4/ip_unprivileged_port_start', 'utf8'));
  } catch {
    return 1024; // no Linux
  }
}
