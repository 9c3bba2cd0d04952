import { isObject, objectsAt, stringAt, type JsonObject } from '../../json.ts';
import { decodeType } from '../../registry/codec.ts';
import type { Registry } from '../../registry/registry.ts';
import type { Target } from '../../registry/writer.ts';
import { builtinSchema } from '../../schema/builtin.ts';
import { timestamp } from '../../schema/time.ts';
import { readObject } from '../body.ts';
import type { Exchange } from '../exchange.ts';
import { conflict } from '../../status.ts';

/** POST of `pods/binding`: gives a pod its node, once. */
export async function bindPod(registry: Registry, exchange: Exchange, target: Target): Promise<void> {
  const request = exchange.registryRequest('CreateOptions');
  const binding = decodeType(
    builtinSchema('core.v1.Binding'),
    'Binding',
    await readObject(exchange, 'Binding'),
    request,
  );
  const node = stringAt(binding, 'target', 'name') ?? '';
  await registry.mutate(
    { resource: target.resource, namespace: target.namespace, name: target.name },
    { ...request, internal: true },
    (pod) => {
      const spec: JsonObject = isObject(pod['spec']) ? pod['spec'] : {};
      if (spec['nodeName'] !== undefined && spec['nodeName'] !== '') {
        throw conflict(
          { group: '', resource: 'pods/binding' },
          target.name,
          `pod ${target.name} is already assigned to node ${JSON.stringify(spec['nodeName'])}`,
        );
      }
      spec['nodeName'] = node;
    },
  );
  await registry.mutate({ ...target, subresource: 'status' }, request, (pod) => {
    const status: JsonObject = isObject(pod['status']) ? pod['status'] : {};
    const others = objectsAt(status, 'conditions').filter(({ type }) => type !== 'PodScheduled');
    const scheduled = {
      type: 'PodScheduled',
      status: 'True',
      lastProbeTime: null,
      lastTransitionTime: timestamp(request.now()),
    };
    pod['status'] = { ...status, conditions: [...others, scheduled] };
  });
  exchange.sendObject(201, { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 });
}
