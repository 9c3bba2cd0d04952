import { EpinioError, type Container, type Pod } from '@epinio/core';
import { parseQuantity } from '../../schema/quantity.ts';

/** Resources of this machine, for containers without limits. */
export interface NodeResources {
  readonly cpus: number;
  readonly memoryBytes: number;
  readonly diskBytes: number;
}

/** The pod's address on a node whose pods share the machine's network. */
export const POD_IP = '127.0.0.1';

/** The value of a `fieldRef`; maps are written one `key="value"` a line, as the kubelet does. */
export function podField(pod: Pod, path: string, nodeName: string): string {
  const { metadata, spec } = pod;
  const key = /^metadata\.(labels|annotations)\['([^']+)'\]$/.exec(path);
  if (key !== null) return metadata[key[1] as 'labels' | 'annotations']?.[key[2] ?? ''] ?? '';
  switch (path) {
    case 'metadata.name':
      return metadata.name;
    case 'metadata.namespace':
      return metadata.namespace ?? '';
    case 'metadata.uid':
      return metadata.uid ?? '';
    case 'metadata.labels':
    case 'metadata.annotations':
      return formatMap(metadata[path.slice(9) as 'labels' | 'annotations'] ?? {});
    case 'spec.nodeName':
      return nodeName;
    case 'spec.serviceAccountName':
      return spec.serviceAccountName ?? 'default';
    case 'status.hostIP':
    case 'status.hostIPs':
    case 'status.podIP':
    case 'status.podIPs':
      return POD_IP;
    default:
      throw new EpinioError('FIELD_UNKNOWN', `unsupported fieldPath: ${path}`);
  }
}

/** The value of a `resourceFieldRef`, rounded up to whole units of the divisor. */
export function resourceField(
  container: Container,
  { resource, divisor }: { readonly resource: string; readonly divisor?: string },
  node: NodeResources,
): string {
  const [kind, name] = resource.split('.', 2) as ['limits' | 'requests', string];
  const own = container.resources;
  const capacity: Record<string, string> = {
    cpu: String(node.cpus),
    memory: String(node.memoryBytes),
    'ephemeral-storage': String(node.diskBytes),
  };
  const text = own?.[kind]?.[name] ?? (kind === 'limits' ? capacity[name] : (own?.limits?.[name] ?? '0'));
  const value = parseQuantity(text);
  const unit = parseQuantity(divisor === undefined || divisor === '0' ? '1' : divisor);
  if (value === undefined || unit === undefined || unit.nano === 0n) {
    throw new EpinioError('FIELD_UNKNOWN', `unsupported container resource: ${resource}`);
  }
  return String((value.nano + unit.nano - 1n) / unit.nano);
}

/** A quantity as a number: 0.5 for "500m". Fails with `QUANTITY_INVALID`, which validation keeps out. */
export function quantityNumber(text: string): number {
  const quantity = parseQuantity(text);
  if (quantity === undefined) throw new EpinioError('QUANTITY_INVALID', `"${text}" is no quantity`);
  return Number(quantity.nano) / 1e9;
}

/** Whole units of a quantity ("1Gi" is 1073741824); undefined for none. */
export function quantityBytes(text: string | undefined): number | undefined {
  const quantity = parseQuantity(text);
  return quantity && Number(quantity.nano / 1_000_000_000n);
}

function formatMap(map: Readonly<Record<string, string>>): string {
  return Object.entries(map)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => `${key}=${JSON.stringify(value)}`)
    .join('\n');
}
