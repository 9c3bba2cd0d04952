import { Readable } from 'node:stream';
import { importGitResponse, uploadResponse } from '../../models/deployment.ts';
import { importGit } from '../../sources/git/import-git.ts';
import { storeUpload } from '../../sources/upload.ts';
import type { ApiContext } from '../context.ts';
import { readForm } from '../form-body.ts';
import { type AnyOperation, operation } from '../operation.ts';
import type { Platform } from '../platform.ts';

const tag = 'applications';
const access = 'permitted';
const APP = '/api/v1/namespaces/{namespace}/applications/{app}';

/** Ways of sources into the platform. */
export function sourceRoutes({ deps }: Platform): AnyOperation[] {
  const { git, ...rest } = deps;
  return [
    operation({
      name: 'AppUpload',
      method: 'post',
      path: `${APP}/store`,
      tag,
      access,
      summary:
        'Upload sources as the part `file` of a multipart form: a tar (plain, gzip, bzip2, xz) or a zip',
      response: uploadResponse,
      errors: [400, 408, 413],
      handle: async ({ params, user, c }) => {
        const { signal } = c.req.raw;
        const app = { namespace: params.namespace, name: params.app };
        const headers = Object.fromEntries(c.req.raw.headers);
        return { blobuid: await storeUpload(deps, app, user.username, { headers, body: bodyOf(c) }, signal) };
      },
    }),
    operation({
      name: 'AppImportGit',
      method: 'post',
      path: `${APP}/import-git`,
      tag,
      access,
      summary: 'Fetch sources from a git repository: form fields `giturl`, `gitrev`, `gitconfig`',
      response: importGitResponse,
      errors: [400, 404],
      handle: async ({ params, user, c }) => {
        const form = await readForm(c);
        const request = {
          url: form.get('giturl') ?? '',
          revision: form.get('gitrev') ?? '',
          gitconfig: form.get('gitconfig') ?? '',
        };
        const app = { namespace: params.namespace, name: params.app };
        const importDeps = { ...rest, ...(git === undefined ? {} : { options: git }) };
        const { blobUid, branch, revision } = await importGit(
          importDeps,
          app,
          user.username,
          request,
          c.req.raw.signal,
        );
        return { blobuid: blobUid, ...(branch === undefined ? {} : { branch }), revision };
      },
    }),
  ];
}

/** The request's bytes, straight from the connection where there is one. */
function bodyOf(c: ApiContext): Readable {
  if (c.env.incoming !== undefined) return c.env.incoming;
  const { body } = c.req.raw;
  return body === null ? Readable.from([]) : Readable.fromWeb(body);
}
