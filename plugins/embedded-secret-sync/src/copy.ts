import { parseLabelSelector, type Namespace, type Secret } from '@epinio/core';

/** kubed's names, so that its Secrets are understood and its copies taken over. */
export const SYNC = 'kubed.appscode.com/sync';
const ORIGIN = 'kubed.appscode.com/origin';
const ORIGIN_NAME = `${ORIGIN}.name`;
const ORIGIN_NAMESPACE = `${ORIGIN}.namespace`;
const ORIGIN_CLUSTER = `${ORIGIN}.cluster`;
const NOT_COPIED = [
  SYNC,
  'kubed.appscode.com/sync-contexts',
  'kubectl.kubernetes.io/last-applied-configuration',
];

/** Names one Secret: "namespace/name". */
export function keyOf(namespace: string | undefined, name: string): string {
  return `${namespace ?? ''}/${name}`;
}

/** The source of a copy, by the marks on it; undefined when it is not a copy. */
export function originOf({ metadata: { labels = {} } }: Secret): string | undefined {
  const name = labels[ORIGIN_NAME];
  const namespace = labels[ORIGIN_NAMESPACE];
  return name === undefined || namespace === undefined ? undefined : keyOf(namespace, name);
}

/**
 * Which namespaces get a copy: every one for an empty annotation or "true", else those that its label
 * selector matches, never the source's own; undefined when the Secret is not to be copied.
 * Throws for a selector that cannot be read.
 */
export function targetsOf(source: Secret | undefined): ((namespace: Namespace) => boolean) | undefined {
  const annotation = source?.metadata.annotations?.[SYNC];
  if (source === undefined || annotation === undefined || source.metadata.deletionTimestamp !== undefined)
    return undefined;
  // A copy that carries the annotation would be copied on for ever.
  if (originOf(source) !== undefined) return undefined;
  const matches = annotation === '' || annotation === 'true' ? () => true : parseLabelSelector(annotation);
  return ({ metadata, status }) =>
    metadata.name !== source.metadata.namespace &&
    metadata.deletionTimestamp === undefined &&
    status?.phase !== 'Terminating' &&
    matches(metadata.labels);
}

/** The copy of a source in a namespace. */
export function copyFor(source: Secret, namespace: string): Secret {
  const { name, namespace: home = '', labels, annotations = {} } = source.metadata;
  const kept = Object.entries(annotations).filter(([key]) => !NOT_COPIED.includes(key));
  const reference = { apiVersion: 'v1', kind: 'Secret', namespace: home, name };
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: {
      name,
      namespace,
      labels: { ...labels, [ORIGIN_NAME]: name, [ORIGIN_NAMESPACE]: home, [ORIGIN_CLUSTER]: 'epinio' },
      annotations: { ...Object.fromEntries(kept), [ORIGIN]: JSON.stringify(reference) },
    },
    type: source.type ?? 'Opaque',
    data: source.data ?? {},
  };
}

/** The merge patch that makes `existing` what `wanted` is; undefined when it is that already. */
export function correction(existing: Secret, wanted: Secret): Record<string, unknown> | undefined {
  const data = mapCorrection(existing.data ?? {}, wanted.data ?? {}, true);
  const labels = mapCorrection(existing.metadata.labels ?? {}, wanted.metadata.labels ?? {}, false);
  const annotations = mapCorrection(
    existing.metadata.annotations ?? {},
    wanted.metadata.annotations ?? {},
    false,
  );
  if (data === undefined && labels === undefined && annotations === undefined) return undefined;
  return {
    // Holds only for the copy that was compared: a stranger's Secret that came in its place is left alone.
    metadata: {
      resourceVersion: existing.metadata.resourceVersion,
      ...(labels && { labels }),
      ...(annotations && { annotations }),
    },
    ...(data && { data }),
  };
}

type Values = Readonly<Record<string, string>>;

function mapCorrection(
  existing: Values,
  wanted: Values,
  exact: boolean,
): Record<string, string | null> | undefined {
  const changed = Object.entries(wanted).filter(([key, value]) => existing[key] !== value);
  const extra = exact ? Object.keys(existing).filter((key) => !Object.hasOwn(wanted, key)) : [];
  if (changed.length === 0 && extra.length === 0) return undefined;
  return { ...Object.fromEntries(changed), ...Object.fromEntries(extra.map((key) => [key, null])) };
}
