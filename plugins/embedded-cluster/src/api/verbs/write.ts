import { builtinSchema } from '../../schema/builtin.ts';
import { decodeType } from '../../registry/codec.ts';
import type { DeleteQuery } from '../../registry/deletion.ts';
import { parseRevision } from '../../registry/reader.ts';
import type { PatchType, Registry } from '../../registry/registry.ts';
import type { Request } from '../../registry/request.ts';
import type { Resource } from '../../registry/resource.ts';
import type { Target } from '../../registry/writer.ts';
import { parseJson, parseYaml, readBody, readObject } from '../body.ts';
import { isDryRun, type Exchange } from '../exchange.ts';
import { itemJson, objectJson } from '../representation.ts';
import { invalidObject, StatusError, unsupportedMediaType, type Status } from '../../status.ts';
import { sendObject, selectionOf } from './read.ts';

/** POST to a collection. */
export async function createObject(
  registry: Registry,
  exchange: Exchange,
  resource: Resource,
  namespace: string | undefined,
): Promise<void> {
  const request = exchange.registryRequest('CreateOptions');
  const body = await readObject(exchange, resource.kind);
  warnDeprecated(exchange, resource);
  sendObject(exchange, 201, resource, await registry.create(resource, namespace, body, request));
}

/** PUT of an object or its status. */
export async function updateObject(registry: Registry, exchange: Exchange, target: Target): Promise<void> {
  const request = exchange.registryRequest('UpdateOptions');
  const body = await readObject(exchange, target.resource.kind);
  const { stored, created } = await registry.update(target, body, request);
  sendObject(exchange, created ? 201 : 200, target.resource, stored);
}

const PATCH_TYPES: Readonly<Record<string, PatchType>> = {
  'application/json-patch+json': 'json',
  'application/merge-patch+json': 'merge',
  'application/strategic-merge-patch+json': 'strategic',
  'application/apply-patch+yaml': 'apply',
};

/** PATCH of an object or its status, in any of the four ways. */
export async function patchObject(registry: Registry, exchange: Exchange, target: Target): Promise<void> {
  const { type, body, request, force } = await readPatch(exchange, target.resource);
  const { stored, created } = await registry.patch(target, type, body, request, force);
  sendObject(exchange, created ? 201 : 200, target.resource, stored);
}

/** The patch that a request carries. Fails with 400, 415 or 422. */
export async function readPatch(
  exchange: Exchange,
  resource: Resource,
): Promise<{
  readonly type: PatchType;
  readonly body: unknown;
  readonly request: Request;
  readonly force: boolean;
}> {
  const type = PATCH_TYPES[exchange.contentType];
  if (type === undefined || (type === 'strategic' && resource.custom !== undefined)) {
    const accepted = Object.keys(PATCH_TYPES).filter(
      (media) => resource.custom === undefined || !media.includes('strategic'),
    );
    throw unsupportedMediaType(accepted, type === undefined ? {} : undefined);
  }
  const request = exchange.registryRequest('PatchOptions');
  const force = exchange.flag('force');
  if (type === 'apply' && (exchange.query.get('fieldManager') ?? '') === '') {
    throw patchOptions('FieldValueRequired', 'fieldManager', 'Required value: is required for apply patch');
  }
  if (type !== 'apply' && exchange.query.has('force')) {
    throw patchOptions('FieldValueForbidden', 'force', 'Forbidden: may not be specified for non-apply patch');
  }
  const bytes = await readBody(exchange.incoming);
  const body = type === 'apply' ? await parseYaml(bytes, resource.kind) : parsePatch(bytes);
  warnDeprecated(exchange, resource);
  return { type, body, request, force };
}

function parsePatch(bytes: Buffer): unknown {
  try {
    return parseJson(bytes, 'Patch');
  } catch {
    throw new StatusError(400, 'BadRequest', 'error decoding patch: the body is no JSON');
  }
}

function patchOptions(
  reason: 'FieldValueRequired' | 'FieldValueForbidden',
  field: string,
  message: string,
): StatusError {
  return invalidObject('meta.k8s.io', 'PatchOptions', '', [{ reason, field, message }]);
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
  const request = exchange.registryRequest('DeleteOptions');
  const { stored, gone } = await registry.delete(
    resource,
    namespace,
    name,
    query,
    dryRun ? { ...request, dryRun } : request,
  );
  if (!gone || resource.rules.returnsDeleted === true) {
    exchange.send(200, objectJson(resource, stored));
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
  exchange.sendObject(200, status);
}

/** DELETE of a collection: everything that the selectors match. Answers what was there. */
export async function deleteCollection(
  registry: Registry,
  exchange: Exchange,
  resource: Resource,
  namespace: string | undefined,
): Promise<void> {
  const { query, dryRun } = await readDeleteOptions(exchange);
  const request = exchange.registryRequest('DeleteOptions');
  const { items, revision } = registry.list(resource, {
    ...(namespace === undefined ? {} : { namespace }),
    ...selectionOf(exchange, resource),
  });
  await Promise.all(
    items.map(async ({ object: { metadata } }) => {
      try {
        await registry.delete(
          resource,
          metadata.namespace,
          metadata.name,
          query,
          dryRun ? { ...request, dryRun } : request,
        );
      } catch (error) {
        if (!(error instanceof StatusError && error.code === 404)) throw error; // somebody else was faster
      }
    }),
  );
  const list = items.map((stored) => itemJson(resource, stored)).join(',');
  exchange.send(
    200,
    `{"kind":"${resource.listKind}","apiVersion":"${resource.apiVersion}","metadata":{"resourceVersion":"${revision}"},"items":[${list}]}`,
  );
}

/** metav1.DeleteOptions, from the body or from the query. */
async function readDeleteOptions(
  exchange: Exchange,
): Promise<{ readonly query: DeleteQuery; readonly dryRun: boolean }> {
  const hasBody =
    Number(exchange.incoming.headers['content-length'] ?? 0) > 0 ||
    exchange.incoming.headers['transfer-encoding'] !== undefined;
  const given = hasBody ? await readObject(exchange, 'DeleteOptions') : undefined;
  const schema = builtinSchema('meta.v1.DeleteOptions');
  const body =
    given === undefined
      ? {}
      : (decodeType(schema, 'DeleteOptions', given, {
          fieldValidation: 'Ignore',
          warn: () => undefined,
        }) as DeleteQuery & { readonly dryRun?: readonly string[] });
  const grace = body.gracePeriodSeconds ?? exchange.number('gracePeriodSeconds');
  const policy = body.propagationPolicy ?? exchange.query.get('propagationPolicy') ?? undefined;
  const orphan =
    body.orphanDependents ??
    (exchange.query.has('orphanDependents') ? exchange.flag('orphanDependents') : undefined);
  checkPropagation(policy, orphan);
  const { uid, resourceVersion } = body.preconditions ?? {};
  if (resourceVersion !== undefined) parseRevision(resourceVersion);
  return {
    query: {
      ...(grace === undefined ? {} : { gracePeriodSeconds: grace }),
      ...(policy === undefined ? {} : { propagationPolicy: policy }),
      ...(orphan === undefined ? {} : { orphanDependents: orphan }),
      preconditions: {
        ...(uid === undefined ? {} : { uid }),
        ...(resourceVersion === undefined ? {} : { resourceVersion }),
      },
    },
    dryRun: isDryRun(body.dryRun ?? [], 'DeleteOptions'),
  };
}

function checkPropagation(policy: string | undefined, orphan: boolean | undefined): void {
  if (policy !== undefined && orphan !== undefined) {
    throw deleteOptions(
      'FieldValueInvalid',
      'propagationPolicy',
      `Invalid value: ${JSON.stringify(policy)}: orphanDependents and deletionPropagation cannot be both set`,
    );
  }
  if (policy !== undefined && !['Foreground', 'Background', 'Orphan'].includes(policy)) {
    throw deleteOptions(
      'FieldValueNotSupported',
      'propagationPolicy',
      `Unsupported value: ${JSON.stringify(policy)}: supported values: "Foreground", "Background", "Orphan", "nil"`,
    );
  }
}

function deleteOptions(
  reason: 'FieldValueInvalid' | 'FieldValueNotSupported',
  field: string,
  message: string,
): StatusError {
  return invalidObject('meta.k8s.io', 'DeleteOptions', '', [{ reason, field, message }]);
}

function warnDeprecated(exchange: Exchange, resource: Resource): void {
  if (resource.custom?.deprecationWarning !== undefined) exchange.warn(resource.custom.deprecationWarning);
}
