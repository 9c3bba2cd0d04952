import { createHash } from 'node:crypto';
import type { KubeObject, Part } from '../kernel/component.ts';

/** Names one part of a component, so that it can be found again without the part itself. */
export type PartRef = ManifestRef | ChartRef;

export interface ManifestRef {
  readonly kind: 'manifest';
  readonly apiVersion: string;
  /** The object's kind. */
  readonly resourceKind: string;
  /** Absent for cluster-scoped kinds. */
  readonly namespace?: string;
  readonly name: string;
}

export interface ChartRef {
  readonly kind: 'chart';
  readonly namespace: string;
  readonly release: string;
}

/** The reference of a part. */
export function refOf(part: Part): PartRef {
  if (part.kind === 'chart') return { kind: 'chart', namespace: part.namespace, release: part.release };
  const { apiVersion, kind, metadata } = part.object;
  const namespace = metadata.namespace === undefined ? {} : { namespace: metadata.namespace };
  return { kind: 'manifest', apiVersion, resourceKind: kind, ...namespace, name: metadata.name };
}

/** The same text for the same thing; another version of its API group is the same thing. */
export function refKey(ref: PartRef): string {
  if (ref.kind === 'chart') return `chart/${ref.namespace}/${ref.release}`;
  const group = ref.apiVersion.includes('/') ? ref.apiVersion.split('/')[0] : '';
  return `${ref.resourceKind}.${group ?? ''}/${ref.namespace ?? ''}/${ref.name}`;
}

/** As a person knows it: `Deployment "web" in namespace "epinio"`. */
export function refText(ref: PartRef): string {
  if (ref.kind === 'chart') return `chart "${ref.release}" in namespace "${ref.namespace}"`;
  const where = ref.namespace === undefined ? '' : ` in namespace "${ref.namespace}"`;
  return `${ref.resourceKind} "${ref.name}"${where}`;
}

export function isNamespace(ref: PartRef): boolean {
  return ref.kind === 'manifest' && ref.resourceKind === 'Namespace' && ref.apiVersion === 'v1';
}

export function isCrd(ref: PartRef): boolean {
  return ref.kind === 'manifest' && ref.resourceKind === 'CustomResourceDefinition';
}

/** Label of every object that the platform made: it may also be removed by it. */
export const MANAGED_BY = 'app.kubernetes.io/managed-by';
export const MANAGER = 'epinio';
/** Label that names the component an object belongs to. */
export const PLUGIN_LABEL = 'epinio.io/plugin';

/** The part with the labels that say whose it is. */
export function labelled(part: Part, component: string): Part {
  if (part.kind === 'chart') return part;
  const { object } = part;
  const labels = { ...object.metadata.labels, [MANAGED_BY]: MANAGER, [PLUGIN_LABEL]: component };
  return { kind: 'manifest', object: { ...object, metadata: { ...object.metadata, labels } } };
}

/** True for the platform's own objects in a component's API, which come after the component and go before it. */
export function isLate(part: Part): boolean {
  return part.kind === 'manifest' && part.onceReady !== undefined;
}

export function isOurs(object: KubeObject): boolean {
  return object.metadata.labels?.[MANAGED_BY] === MANAGER;
}

/** SHA-256 of a value's JSON with sorted keys: the same for the same content, however it was built. */
export function digestOf(value: unknown): string {
  return createHash('sha256').update(canonical(value)).digest('hex');
}

/** JSON with sorted keys and without undefined. */
export function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) => {
    if (typeof inner !== 'object' || inner === null || Array.isArray(inner)) return inner;
    return Object.fromEntries(Object.entries(inner).toSorted(([a], [b]) => (a < b ? -1 : 1)));
  });
}
