import { at, isObject, numberAt, stringAt, without, type JsonObject } from '../../json.ts';
import { selectorText } from '../../kinds/workloads/label-selector.ts';
import { applyJsonPatch } from '../../patch/json-patch.ts';
import { mergePatch } from '../../patch/merge-patch.ts';
import { decodeType } from '../../registry/codec.ts';
import type { Registry } from '../../registry/registry.ts';
import type { Column, Resource } from '../../registry/resource.ts';
import type { Target } from '../../registry/writer.ts';
import { builtinSchema } from '../../schema/builtin.ts';
import { invalid } from '../../schema/field-error.ts';
import type { ApiObject } from '../../storage/api-object.ts';
import { StoredObject } from '../../storage/stored-object.ts';
import { readObject } from '../body.ts';
import type { Exchange } from '../exchange.ts';
import { badRequest, conflict, invalidObject, MODIFIED } from '../../status.ts';
import { readPatch } from '../patch-body.ts';
import { writeRequest } from '../write-options.ts';
import { sendObject } from './read.ts';

/** GET, PUT and PATCH of `scale`: the replicas of an object, whatever its kind. */
export async function handleScale(registry: Registry, exchange: Exchange, target: Target): Promise<void> {
  const { resource, namespace, name } = target;
  const current = registry.get(resource, namespace, name).object;
  if (exchange.method === 'GET') {
    sendScale(exchange, resource, current);
    return;
  }
  const given =
    exchange.method === 'PUT'
      ? await readObject(exchange, 'Scale')
      : await patched(exchange, resource, current);
  const request = writeRequest(exchange, exchange.method === 'PUT' ? 'UpdateOptions' : 'PatchOptions');
  const scale = decodeType(builtinSchema('autoscaling.v1.Scale'), 'Scale', given, request);
  const replicas = numberAt(scale, 'spec', 'replicas') ?? 0;
  const version = stringAt(scale, 'metadata', 'resourceVersion') ?? '';
  if (replicas < 0)
    throw invalidObject('autoscaling', 'Scale', name, [
      invalid('spec.replicas', replicas, 'must be greater than or equal to 0'),
    ]);
  const stored = await registry.mutate(target, request, (next) => {
    if (version !== '' && version !== next.metadata.resourceVersion)
      throw conflict({ group: resource.group, resource: resource.plural }, name, MODIFIED);
    setAt(next, replicasPath(resource), replicas);
  });
  sendScale(exchange, resource, stored.object);
}

const column = (name: string, type: string): Column => ({ name, type, format: '', priority: 0 });
const COLUMNS = [
  column('Name', 'string'),
  column('Desired', 'integer'),
  column('Available', 'integer'),
  column('Age', 'string'),
];

function sendScale(exchange: Exchange, resource: Resource, object: ApiObject): void {
  const scale = scaleOf(resource, object);
  if (exchange.media.as !== 'table') {
    exchange.sendObject(200, scale);
    return;
  }
  const shown = new StoredObject(object.metadata.name, 0, JSON.stringify(scale), scale as ApiObject);
  const scales = { ...without(resource, 'custom'), collection: 'autoscaling/scales', columns: COLUMNS };
  sendObject(exchange, 200, scales, shown);
}

async function patched(exchange: Exchange, resource: Resource, current: ApiObject): Promise<unknown> {
  const { type, body } = await readPatch(exchange, resource);
  const before = scaleOf(resource, current);
  if (type === 'json') return applyJsonPatch(before, body);
  if (!isObject(body)) throw badRequest('error decoding patch: the patch is no JSON object');
  return mergePatch(before, body);
}

function scaleOf(resource: Resource, object: ApiObject): JsonObject {
  const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata;
  const { scale } = resource.custom ?? {};
  const selector =
    scale?.selector === undefined
      ? selectorText(at(object, 'spec', 'selector'))
      : stringAt(object, ...scale.selector);
  const hasSelector = selector !== undefined && selector !== '' && selector !== '<none>';
  return {
    kind: 'Scale',
    apiVersion: 'autoscaling/v1',
    metadata: {
      name,
      ...(namespace === undefined ? {} : { namespace }),
      uid,
      resourceVersion,
      creationTimestamp,
    },
    spec: { replicas: numberAt(object, ...replicasPath(resource)) ?? 0 },
    status: {
      replicas: numberAt(object, ...(scale?.statusReplicas ?? ['status', 'replicas'])) ?? 0,
      ...(hasSelector ? { selector } : {}),
    },
  };
}

function replicasPath(resource: Resource): readonly string[] {
  return resource.custom?.scale?.replicas ?? ['spec', 'replicas'];
}

function setAt(object: JsonObject, path: readonly string[], value: unknown): void {
  let current = object;
  for (const name of path.slice(0, -1)) {
    const next = current[name];
    if (isObject(next)) current = next;
    else current = current[name] = {} as JsonObject;
  }
  const last = path.at(-1);
  if (last !== undefined) current[last] = value;
}
