import { pipeline } from 'node:stream/promises';
import { isEpinioError, type PodLogOptions } from '@epinio/core';
import { objectsAt } from '../../json.ts';
import type { Registry } from '../../registry/registry.ts';
import type { Resource } from '../../registry/resource.ts';
import type { ApiObject } from '../../storage/api-object.ts';
import type { Exchange } from '../exchange.ts';
import type { NodeAccess } from '../node-access.ts';
import { logOptionsOf } from './log-options.ts';
import { badRequest, StatusError } from '../../status.ts';

/** GET of `pods/log`: streams what the node has. */
export async function sendPodLogs(
  registry: Registry,
  exchange: Exchange,
  pods: Resource,
  namespace: string,
  name: string,
  node: NodeAccess | undefined,
): Promise<void> {
  const { limitBytes: limit, ...options } = logOptionsOf(exchange, name);
  const pod = registry.get(pods, namespace, name).object;
  const container = containerOf(pod, exchange.query.get('container') ?? '');
  if (node === undefined) throw new StatusError(503, 'ServiceUnavailable', 'the cluster has no node yet');
  const abort = new AbortController();
  exchange.response.on('close', () => abort.abort());
  const logs = await read(node, { namespace, name }, { ...options, container, signal: abort.signal });
  exchange.response.writeHead(200, { 'content-type': 'text/plain', 'cache-control': 'no-cache, private' });
  exchange.response.flushHeaders();
  try {
    await pipeline(limit === undefined ? logs : firstBytes(limit)(logs), exchange.response);
  } catch (error) {
    if (!abort.signal.aborted) throw error; // a reader that goes away ends a follow
  }
}

async function read(node: NodeAccess, pod: { namespace: string; name: string }, options: PodLogOptions) {
  try {
    return await node.logs.read(pod, options);
  } catch (error) {
    if (!isEpinioError(error)) throw error;
    throw new StatusError(
      error.status,
      error.status === 404 ? 'NotFound' : error.status === 400 ? 'BadRequest' : 'InternalError',
      error.message,
    );
  }
}

/** The container that is asked for, the only one, or the one that an annotation names. */
function containerOf(pod: ApiObject, asked: string): string {
  const names = (list: string): readonly string[] =>
    objectsAt(pod, 'spec', list).map(({ name }) => String(name));
  const containers = names('containers');
  const all = [...containers, ...names('initContainers')];
  const { name } = pod.metadata;
  const wanted = asked === '' ? pod.metadata.annotations?.['kubectl.kubernetes.io/default-container'] : asked;
  if (wanted !== undefined && wanted !== '') {
    if (!all.includes(wanted)) throw badRequest(`container ${wanted} is not valid for pod ${name}`);
    return wanted;
  }
  const [only] = containers;
  if (only !== undefined && all.length === 1) return only;
  const init = names('initContainers');
  const choices = `[${containers.join(' ')}]${init.length === 0 ? '' : ` or one of the init containers: [${init.join(' ')}]`}`;
  throw badRequest(`a container name must be specified for pod ${name}, choose one of: ${choices}`);
}

/** Passes on so many bytes and then ends. */
function firstBytes(limit: number): (source: AsyncIterable<Buffer>) => AsyncGenerator<Buffer> {
  return async function* (source) {
    let left = limit;
    for await (const chunk of source) {
      if (left <= 0) return;
      yield chunk.subarray(0, left);
      left -= chunk.length;
    }
  };
}
