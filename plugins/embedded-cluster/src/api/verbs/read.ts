import { without } from '../../json.ts';
import type { Registry } from '../../registry/registry.ts';
import type { Resource } from '../../registry/resource.ts';
import type { Listed, ListQuery } from '../../registry/reader.ts';
import { parseFieldSelector } from '../../registry/field-selector.ts';
import { both, parseLabelSelector, type Matcher } from '../../registry/selectors.ts';
import type { StoredObject } from '../../storage/stored-object.ts';
import type { Exchange } from '../exchange.ts';
import { checkListOptions, type VersionOptions } from '../list-options.ts';
import { badRequest } from '../../status.ts';
import { itemJson, metadataJson, objectJson, wrongMetadata } from '../representation.ts';
import { tableJson, type TableOptions } from '../table.ts';

/** What a list or a watch selects. */
export interface Selection {
  readonly matches?: Matcher;
  readonly name?: string;
}

/** Answers one object. */
export function getObject(
  registry: Registry,
  exchange: Exchange,
  resource: Resource,
  namespace: string | undefined,
  name: string,
): void {
  sendObject(exchange, 200, resource, registry.get(resource, namespace, name));
}

/** Answers an object as the client wants it shown. */
export function sendObject(
  exchange: Exchange,
  status: number,
  resource: Resource,
  stored: StoredObject,
): void {
  const { as, version } = exchange.media;
  switch (as) {
    case 'object':
      exchange.send(status, objectJson(resource, stored));
      break;
    case 'metadata':
      exchange.send(status, metadataJson(stored, version));
      break;
    case 'metadata list':
      throw wrongMetadata(resource, 'list');
    case 'table': {
      const meta = { resourceVersion: stored.object.metadata.resourceVersion ?? '' };
      exchange.send(status, tableJson(resource, [stored], meta, { ...tableOptions(exchange), version }));
    }
  }
}

/** Answers a list, or one page of it. */
export function listObjects(
  registry: Registry,
  exchange: Exchange,
  resource: Resource,
  namespace: string | undefined,
): void {
  sendList(exchange, resource, registry.list(resource, checkedListQuery(exchange, resource, namespace)));
}

/** What a list is to hold. Fails with 400 or 422. */
export function checkedListQuery(
  exchange: Exchange,
  resource: Resource,
  namespace: string | undefined,
): ListQuery {
  const limit = exchange.number('limit');
  const options = versionOptions(exchange);
  checkListOptions(options);
  return {
    ...(namespace === undefined ? {} : { namespace }),
    ...selectionOf(exchange, resource),
    ...(limit === undefined ? {} : { limit }),
    ...without(options, 'sendInitialEvents'),
  };
}

/** Answers with objects as the client wants them shown. */
export function sendList(exchange: Exchange, resource: Resource, listed: Listed): void {
  const metadata = {
    resourceVersion: String(listed.revision),
    ...(listed.continue === undefined ? {} : { continue: listed.continue }),
    ...(listed.remaining === undefined ? {} : { remainingItemCount: listed.remaining }),
  };
  const { as, version } = exchange.media;
  switch (as) {
    case 'table':
      exchange.send(200, tableJson(resource, listed.items, metadata, { ...tableOptions(exchange), version }));
      break;
    case 'metadata':
      throw wrongMetadata(resource, 'object');
    case 'metadata list': {
      const items = listed.items.map((stored) => metadataJson(stored, version));
      exchange.send(200, listJson('PartialObjectMetadataList', `meta.k8s.io/${version}`, metadata, items));
      break;
    }
    case 'object': {
      const items = listed.items.map((stored) => itemJson(resource, stored));
      exchange.send(200, listJson(resource.listKind, resource.apiVersion, metadata, items));
    }
  }
}

function listJson(kind: string, apiVersion: string, metadata: object, items: readonly string[]): string {
  return `{"kind":"${kind}","apiVersion":"${apiVersion}","metadata":${JSON.stringify(metadata)},"items":[${items.join(',')}]}`;
}

/** The label and field selectors of a request. Fails with 400. */
export function selectionOf(exchange: Exchange, resource: Resource): Selection {
  const labels = exchange.query.get('labelSelector');
  const fields = exchange.query.get('fieldSelector');
  if (labels === null && fields === null) return {};
  const byLabel = parseLabelSelector(labels ?? '');
  const byField = parseFieldSelector(resource, fields ?? '');
  const matches = both(byLabel, byField.matches);
  return {
    ...(matches === undefined ? {} : { matches }),
    ...(byField.name === undefined ? {} : { name: byField.name }),
  };
}

/** How much of the object the rows of a table carry. Fails with 400. */
export function tableOptions(exchange: Exchange): Pick<TableOptions, 'include' | 'headers'> {
  const given = exchange.query.get('includeObject') ?? '';
  if (given !== '' && given !== 'Metadata' && given !== 'Object' && given !== 'None') {
    const why = `includeObject: Invalid value: ${JSON.stringify(given)}: must be 'Metadata', 'Object', 'None', or empty`;
    throw badRequest(`Unable to convert to Table as requested: ${why}`);
  }
  return { include: given === '' ? 'Metadata' : given, headers: true };
}

/** The version that a list or a watch wants. */
export function versionOptions({ query }: Exchange): VersionOptions {
  return {
    resourceVersion: query.get('resourceVersion') ?? '',
    resourceVersionMatch: query.get('resourceVersionMatch') ?? '',
    sendInitialEvents: query.get('sendInitialEvents') ?? undefined,
    continue: query.get('continue') ?? '',
  };
}
