import { isObject, objectsAt, stringAt, type JsonObject } from '../../json.ts';
import { decodeType } from '../../registry/codec.ts';
import type { Registry } from '../../registry/registry.ts';
import type { Target } from '../../registry/writer.ts';
import { builtinSchema } from '../../schema/builtin.ts';
import { timestamp } from '../../schema/time.ts';
import type { ApiObject } from '../../storage/api-object.ts';
import { readObject } from '../body.ts';
import type { Exchange } from '../exchange.ts';
import { writeRequest } from '../write-options.ts';
import { badRequest, conflict } from '../../status.ts';

/** POST of `pods/binding`: gives a pod its node, once. */
export async function bindPod(registry: Registry, exchange: Exchange, target: Target): Promise<void> {
  const request = writeRequest(exchange, 'CreateOptions');
  const binding = decodeType(
    builtinSchema('core.v1.Binding'),
    'Binding',
    await readObject(exchange, 'Binding'),
    request,
  );
  if (stringAt(binding, 'metadata', 'name') !== target.name) {
    throw badRequest('name in URL does not match name in Binding object');
  }
  const node = stringAt(binding, 'target', 'name') ?? '';
  const bind = (pod: ApiObject): void => {
    const spec: JsonObject = isObject(pod['spec']) ? pod['spec'] : {};
    const status: JsonObject = isObject(pod['status']) ? pod['status'] : {};
    if (spec['nodeName'] !== undefined) {
      const assigned = `pod ${target.name} is already assigned to node ${JSON.stringify(spec['nodeName'])}`;
      throw conflict({ group: '', resource: 'pods/binding' }, target.name, assigned);
    }
    spec['nodeName'] = node;
    const others = objectsAt(status, 'conditions').filter(({ type }) => type !== 'PodScheduled');
    const lastTransitionTime = timestamp(request.now());
    const scheduled = { type: 'PodScheduled', status: 'True', lastProbeTime: null, lastTransitionTime };
    pod['status'] = { ...status, conditions: [...others, scheduled] };
  };
  await registry.mutate(target, { ...request, internal: true }, bind, 'unrecorded');
  exchange.sendObject(201, { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 });
}
