import type { KubeObject } from '../../kernel/component.ts';
import { hasCode } from '../../kernel/errors.ts';
import type { Kube } from '../../ports/kube.ts';
import { isOurs, labelled, type ChartRef } from '../part-ref.ts';
import type { ExecutorContext } from '../executor.ts';

const CRD = { apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition' } as const;
/** Label of a definition that came with a chart: the release, so that it goes with it. */
const CHART_LABEL = 'epinio.io/chart';

interface Definition extends KubeObject {
  readonly spec?: {
    readonly group: string;
    readonly names: { readonly kind: string };
    readonly versions: readonly { readonly name: string; readonly served: boolean }[];
  };
}

/**
 * Applies the definitions of a chart's `crds` folder. Helm makes such once and never again changes or removes
 * them; here they follow the chart. A definition that someone else made is left as it is.
 */
export async function applyDefinitions(
  kube: Kube,
  release: string,
  documents: readonly KubeObject[],
  { component, signal }: ExecutorContext,
): Promise<void> {
  await Promise.all(
    documents.map(async (document) => {
      const { name } = document.metadata;
      const found = await kube.get({ ...CRD, name }, signal);
      if (found !== undefined && !isOurs(found)) return;
      const part = labelled({ kind: 'manifest', object: withRelease(document, release) }, component);
      if (part.kind === 'manifest')
        await kube.apply(part.object, { fieldManager: `epinio/${component}`, force: true, signal });
    }),
  );
}

/**
 * Removes the definitions that came with a release: those of its `crds` folder, and those that Helm has kept because the
 * chart asked for it. One that still has somebody else's objects stays.
 */
export async function removeDefinitions(
  kube: Kube,
  release: ReleaseName,
  { signal, onKept }: ExecutorContext,
): Promise<void> {
  const { items } = await kube.list<Definition>(CRD, { signal });
  for (const definition of items.filter((item) => cameWith(item, release))) {
    const { name, uid } = definition.metadata;
    const objects = await objectsOf(kube, definition, signal);
    if (objects === 0) await kube.delete({ ...CRD, name }, { ...(uid === undefined ? {} : { uid }), signal });
    else {
      const count = objects === 1 ? '1 object of its kind is' : `${objects} objects of its kind are`;
      onKept?.(`CustomResourceDefinition "${name}"`, `${count} not of this installation`);
    }
  }
}

type ReleaseName = Pick<ChartRef, 'namespace' | 'release'>;

function cameWith(definition: Definition, { namespace, release }: ReleaseName): boolean {
  const { labels = {}, annotations = {} } = definition.metadata;
  if (isOurs(definition)) return labels[CHART_LABEL] === release;
  return (
    annotations['meta.helm.sh/release-name'] === release &&
    annotations['meta.helm.sh/release-namespace'] === namespace
  );
}

/** Objects that another one controls go with that one, and count for nothing. */
async function objectsOf(kube: Kube, { spec }: Definition, signal: AbortSignal): Promise<number> {
  const version = spec?.versions.find(({ served }) => served)?.name;
  if (spec === undefined || version === undefined) return 0;
  try {
    const kind = { apiVersion: `${spec.group}/${version}`, kind: spec.names.kind };
    const { items } = await kube.list(kind, { signal });
    return items.filter((item) => !isOurs(item) && !isControlled(item)).length;
  } catch (error) {
    if (hasCode(error, 'KUBE_NOT_FOUND')) return 0; // its definition is going already
    throw error;
  }
}

function withRelease(object: KubeObject, release: string): KubeObject {
  const labels = { ...object.metadata.labels, [CHART_LABEL]: release };
  return { ...object, metadata: { ...object.metadata, labels } };
}

function isControlled({ metadata }: KubeObject): boolean {
  return metadata.ownerReferences?.some(({ controller }) => controller === true) === true;
}
