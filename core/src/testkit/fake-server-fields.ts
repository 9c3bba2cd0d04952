import type { KubeObject } from '../kernel/component.ts';
import { isJson, type Json, without } from './fake-json.ts';

const WORKLOADS = new Set(['Deployment', 'StatefulSet', 'DaemonSet']);

/** What the server itself adds to a new or changed object. @param rollsOut plays the controllers of workloads. */
export function completed(object: KubeObject, rollsOut: boolean): KubeObject {
  if (object.kind === 'Secret' && object.apiVersion === 'v1') return withEncodedData(object);
  if (object.kind === 'Namespace' && object['status'] === undefined)
    return { ...object, status: { phase: 'Active' } };
  if (object.kind === 'CustomResourceDefinition') {
    const conditions = ['NamesAccepted', 'Established'].map((type) => ({ type, status: 'True' }));
    return { ...object, status: { conditions } };
  }
  if (rollsOut && WORKLOADS.has(object.kind)) return rolledOut(object);
  return object;
}

/** The part of an object of which a change counts as a new generation. */
export function withoutServerFields(object: KubeObject): Json {
  return without(object, 'metadata', 'status');
}

function withEncodedData(object: KubeObject): KubeObject {
  const { stringData, ...secret } = object as KubeObject & {
    readonly stringData?: Readonly<Record<string, string>>;
  };
  const complete = { ...secret, type: object['type'] ?? 'Opaque' };
  if (stringData === undefined) return complete;
  const encoded = Object.entries(stringData).map(([key, text]) => [
    key,
    Buffer.from(text).toString('base64'),
  ]);
  return { ...complete, data: { ...(object['data'] as Json | undefined), ...Object.fromEntries(encoded) } };
}

function rolledOut(object: KubeObject): KubeObject {
  const spec = isJson(object['spec']) ? object['spec'] : {};
  const count = typeof spec['replicas'] === 'number' ? spec['replicas'] : 1;
  const { generation } = object.metadata;
  const observed = generation === undefined ? {} : { observedGeneration: generation };
  const status =
    object.kind === 'DaemonSet'
      ? {
          desiredNumberScheduled: 1,
          currentNumberScheduled: 1,
          updatedNumberScheduled: 1,
          numberReady: 1,
          numberAvailable: 1,
        }
      : { replicas: count, updatedReplicas: count, readyReplicas: count, availableReplicas: count };
  return { ...object, status: { ...observed, ...status } };
}
