import type { IncomingMessage, ServerResponse } from 'node:http';
import { isRepositoryName } from '@epinio/core/oci';
import { sweepShared } from '../layout/garbage.ts';
import { deleteBlob, getBlob } from './blob-routes.ts';
import { sendEmpty, sendJson, type Exchange, type RegistryDeps } from './exchange.ts';
import { listReferrers, listRepositories, listTags } from './list-routes.ts';
import { deleteManifest, getManifest, putManifest } from './manifest-routes.ts';
import { OciError } from './oci-error.ts';
import { cancelUpload, continueUpload, describeUpload, finishUpload, startUpload } from './upload-routes.ts';

type Handler = (exchange: Exchange) => Promise<void>;
type Methods = Readonly<Record<string, Handler>>;

/** The endpoints of the OCI distribution-spec, "Endpoints"; what names a repository has it as first group. */
const ROUTES: readonly (readonly [path: RegExp, methods: Methods])[] = [
  [/^\/v2\/?$/, { GET: confirm, HEAD: confirm }],
  [/^\/v2\/_catalog$/, { GET: listRepositories }],
  [/^\/v2\/_epinio\/repositories\/(.+)$/, { DELETE: deleteRepository }],
  [/^\/v2\/(.+)\/blobs\/uploads\/?$/, { POST: startUpload }],
  [
    /^\/v2\/(.+)\/blobs\/uploads\/([^/]+)$/,
    { PATCH: continueUpload, PUT: finishUpload, GET: describeUpload, DELETE: cancelUpload },
  ],
  [/^\/v2\/(.+)\/blobs\/([^/]+)$/, { GET: getBlob, HEAD: getBlob, DELETE: deleteBlob }],
  [
    /^\/v2\/(.+)\/manifests\/([^/]+)$/,
    { GET: getManifest, HEAD: getManifest, PUT: putManifest, DELETE: deleteManifest },
  ],
  [/^\/v2\/(.+)\/tags\/list$/, { GET: listTags }],
  [/^\/v2\/(.+)\/referrers\/([^/]+)$/, { GET: listReferrers }],
];

/** Hands a request to the handler of its path and method. */
export async function route(
  request: IncomingMessage,
  response: ServerResponse,
  deps: RegistryDeps,
): Promise<void> {
  const [rawPath = '', query = ''] = (request.url ?? '').split('?', 2);
  const path = decoded(rawPath);
  for (const [pattern, methods] of ROUTES) {
    const match = pattern.exec(path);
    if (match === null) continue;
    const handler = methods[request.method ?? ''];
    if (handler === undefined) {
      const allow = Object.keys(methods).join(', ');
      throw new OciError(405, 'UNSUPPORTED', `${request.method ?? ''} is not supported here`, { allow });
    }
    const [, name = '', reference = ''] = match;
    if (match.length > 1 && !isRepositoryName(name)) {
      throw new OciError(400, 'NAME_INVALID', `${JSON.stringify(name)} is no repository name`);
    }
    return handler({ ...deps, request, response, query: new URLSearchParams(query), name, reference });
  }
  throw new OciError(404, 'UNSUPPORTED', 'this registry has nothing at this path');
}

/** "Determining Support". */
async function confirm(exchange: Exchange): Promise<void> {
  sendJson(exchange, {});
}

/** Ours: removes a repository with all that it has, which the specification knows no way to do. */
async function deleteRepository(exchange: Exchange): Promise<void> {
  const { store, name } = exchange;
  await store.repository(name).delete();
  await sweepShared(store);
  sendEmpty(exchange, 202);
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    throw new OciError(400, 'UNSUPPORTED', 'the path is not percent-encoded as URLs have it');
  }
}
