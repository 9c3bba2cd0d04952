import { closeSync, constants, fstatSync, ftruncateSync, openSync, writeSync } from 'node:fs';
import type { Pod, Service } from '@epinio/core';
import { podHostname } from './pod-handle.ts';

const DOMAIN = 'cluster.local';

/**
 * The pod's /etc/hosts: itself, its hostAliases, and the Services of the cluster under the names that a cluster's
 * name server would know; those of its own namespace by their bare name, too. Pure.
 */
export function hostsText(pod: Pod, services: readonly Service[]): string {
  const { namespace } = pod.metadata;
  const aliases = (pod.spec.hostAliases ?? []).map(({ ip, hostnames = [] }) => [ip, ...hostnames].join('\t'));
  const names = services.flatMap(({ metadata, spec }) => {
    if (spec.clusterIP === undefined || !spec.clusterIP.includes('.')) return [];
    const full = `${metadata.name}.${metadata.namespace ?? ''}`;
    const bare = metadata.namespace === namespace ? [metadata.name] : [];
    return [[spec.clusterIP, ...bare, full, `${full}.svc`, `${full}.svc.${DOMAIN}`].join('\t')];
  });
  return [
    '# Kubernetes-managed hosts file.',
    '127.0.0.1\tlocalhost',
    '::1\tlocalhost ip6-localhost ip6-loopback',
    `127.0.0.1\t${podHostname(pod)}`,
    ...(aliases.length === 0 ? [] : ['', '# Entries added by HostAliases.', ...aliases]),
    ...(names.length === 0 ? [] : ['', '# Services of the cluster.', ...names.sort()]),
    '',
  ].join('\n');
}

/**
 * Writes a file that is mounted somewhere, so that it must stay the same file: in one write, which leaves nothing of
 * the old content for a reader to see, and then cuts off what is too long.
 */
export function writeInPlace(path: string, text: string): void {
  const descriptor = openSync(path, constants.O_RDWR | constants.O_CREAT, 0o644);
  try {
    const bytes = Buffer.from(text);
    const rest = Math.max(0, fstatSync(descriptor).size - bytes.length);
    writeSync(descriptor, Buffer.concat([bytes, Buffer.alloc(rest, '\n')]), 0, bytes.length + rest, 0);
    ftruncateSync(descriptor, bytes.length);
  } finally {
    closeSync(descriptor);
  }
}
