import type { Registry } from '../../registry/registry.ts';
import type { Request } from '../../registry/request.ts';
import type { Resource } from '../../registry/resource.ts';
import type { Target } from '../../registry/writer.ts';
import { readObject } from '../body.ts';
import { readDeleteOptions } from '../delete-options.ts';
import type { Exchange } from '../exchange.ts';
import { readPatch } from '../patch-body.ts';
import { writeRequest } from '../write-options.ts';
import { StatusError, type Status } from '../../status.ts';
import { checkedListQuery, sendList, sendObject } from './read.ts';

/** POST to a collection. */
export async function createObject(
  registry: Registry,
  exchange: Exchange,
  resource: Resource,
  namespace: string | undefined,
): Promise<void> {
  const request = writeRequest(exchange, 'CreateOptions');
  const body = await readObject(exchange, resource.kind);
  sendObject(exchange, 201, resource, await registry.create(resource, namespace, body, request));
}

/** PUT of an object or its status. */
export async function updateObject(registry: Registry, exchange: Exchange, target: Target): Promise<void> {
  const request = writeRequest(exchange, 'UpdateOptions');
  const body = await readObject(exchange, target.resource.kind);
  const { stored, created } = await registry.update(target, body, request);
  sendObject(exchange, created ? 201 : 200, target.resource, stored);
}

/** PATCH of an object or its status, in any of the four ways. */
export async function patchObject(registry: Registry, exchange: Exchange, target: Target): Promise<void> {
  const { type, body, request, force } = await readPatch(exchange, target.resource);
  const { stored, created } = await registry.patch(target, type, body, request, force);
  sendObject(exchange, created ? 201 : 200, target.resource, stored);
}

/** DELETE of an object: answers what was marked, or that it is gone. */
export async function deleteObject(
  registry: Registry,
  exchange: Exchange,
  resource: Resource,
  namespace: string | undefined,
  name: string,
): Promise<void> {
  const { query, dryRun } = await readDeleteOptions(exchange);
  const request = deleteRequest(exchange, dryRun);
  const { stored, gone } = await registry.delete(resource, namespace, name, query, request);
  const code = !gone && query.orphanDependents === false ? 202 : 200;
  if (!gone || resource.rules.returnsDeleted === true) {
    sendObject(exchange, code, resource, stored);
    return;
  }
  const { uid = '' } = stored.object.metadata;
  const details = {
    name,
    ...(resource.group === '' ? {} : { group: resource.group }),
    kind: resource.plural,
    uid,
  };
  const status: Status = { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', details };
  exchange.sendObject(code, status);
}

/** DELETE of a collection: everything that the selectors match. Answers what was there. */
export async function deleteCollection(
  registry: Registry,
  exchange: Exchange,
  resource: Resource,
  namespace: string | undefined,
): Promise<void> {
  const listed = registry.list(resource, checkedListQuery(exchange, resource, namespace));
  const { query, dryRun } = await readDeleteOptions(exchange);
  const request = deleteRequest(exchange, dryRun);
  await Promise.all(
    listed.items.map(async ({ object: { metadata } }) => {
      try {
        await registry.delete(resource, metadata.namespace, metadata.name, query, request);
      } catch (error) {
        if (!(error instanceof StatusError && error.code === 404)) throw error; // somebody else was faster
      }
    }),
  );
  sendList(exchange, resource, listed);
}

/** A deletion has no options in the query but its own. */
function deleteRequest(exchange: Exchange, dryRun: boolean): Request {
  const { user } = exchange;
  return {
    user,
    fieldManager: exchange.agent,
    fieldValidation: 'Ignore',
    dryRun,
    internal: false,
    now: () => Date.now(),
    warn: (message) => exchange.warn(message),
  };
}
