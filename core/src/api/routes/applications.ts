import { z } from 'zod';
import type { AppName } from '../../apps/app-object.ts';
import { appManifest } from '../../apps/manifest.ts';
import { badRequest, notFound } from '../../apps/published-errors.ts';
import {
  app,
  applicationCreateRequest,
  applicationDeleteRequest,
  applicationDeleteResponse,
  applicationUpdateRequest,
} from '../../models/app.ts';
import { OK, okResponse } from '../../models/meta.ts';
import { type AnyOperation, operation } from '../operation.ts';
import type { Platform } from '../platform.ts';

const tag = 'applications';
const access = 'permitted';
const ALL = '/api/v1/namespaces/{namespace}/applications';
const ONE = `${ALL}/{app}` as const;
const PARTS = ['manifest', 'values', 'chart', 'image', 'archive'];

const nameOf = ({ namespace, app: name }: { readonly namespace: string; readonly app: string }): AppName => ({
  namespace,
  name,
});

export function applicationRoutes(platform: Platform): AnyOperation[] {
  const { apps, queries } = platform;

  async function deleteAll(
    names: readonly AppName[],
    deleteImage: boolean,
    signal: AbortSignal,
  ): Promise<z.input<typeof applicationDeleteResponse>> {
    const unboundconfigurations: string[] = [];
    const warnings: string[] = [];
    for (const name of names) {
      const outcome = await platform.deleteApp(name, { deleteImage, signal });
      unboundconfigurations.push(...outcome.unbound);
      warnings.push(...outcome.warnings);
    }
    return { unboundconfigurations, ...(warnings.length === 0 ? {} : { warnings }) };
  }

  return [
    operation({
      name: 'AppCreate',
      method: 'post',
      path: ALL,
      tag,
      access,
      summary: 'Create an application, without a workload',
      body: { schema: applicationCreateRequest },
      status: 201,
      response: okResponse,
      errors: [400, 404, 409],
      handle: async ({ params, body, user, signal }) => {
        await apps.create(params.namespace, user.username, body, signal);
        return OK;
      },
    }),
    operation({
      name: 'AppBatchDelete',
      method: 'delete',
      path: ALL,
      tag,
      access,
      summary: 'Delete applications; stops at the first that does not exist',
      query: z.object({ 'applications[]': z.array(z.string()).optional() }),
      body: { schema: applicationDeleteRequest, mode: 'optional' },
      response: applicationDeleteResponse,
      errors: [404],
      handle: async ({ params: { namespace }, query, body, signal }) => {
        const names = (query['applications[]'] ?? []).map((name) => ({ namespace, name }));
        if (names.length === 0) throw notFound('application', '');
        return deleteAll(names, body.deleteImage === true, signal);
      },
    }),
    operation({
      name: 'AppShow',
      method: 'get',
      path: ONE,
      tag,
      access,
      summary: 'One application',
      response: app,
      errors: [404],
      handle: async ({ params, signal }) => queries.show(nameOf(params), signal),
    }),
    operation({
      name: 'AppUpdate',
      method: 'patch',
      path: ONE,
      tag,
      access,
      summary: 'Change an application and, unless told not to, what runs of it',
      body: { schema: applicationUpdateRequest },
      response: okResponse,
      errors: [400, 404],
      handle: async ({ params, body, user, signal }) => {
        await apps.update(nameOf(params), user.username, body, signal);
        return OK;
      },
    }),
    operation({
      name: 'AppDelete',
      method: 'delete',
      path: ONE,
      tag,
      access,
      summary: 'Delete an application with its sources and, on request, its images',
      body: { schema: applicationDeleteRequest, mode: 'optional' },
      response: applicationDeleteResponse,
      errors: [404],
      handle: async ({ params, body, signal }) =>
        deleteAll([nameOf(params)], body.deleteImage === true, signal),
    }),
    operation({
      name: 'AppRestart',
      method: 'post',
      path: `${ONE}/restart`,
      tag,
      access,
      summary: 'Start every instance anew, and wait until they serve',
      response: okResponse,
      errors: [400, 404],
      handle: async ({ params, user, signal }) => {
        await apps.restart(nameOf(params), user.username, signal);
        return OK;
      },
    }),
    operation({
      name: 'AppRunning',
      method: 'get',
      path: `${ONE}/running`,
      tag,
      access,
      summary: 'Wait until all instances serve',
      response: okResponse,
      errors: [400, 404],
      handle: async ({ params, signal }) => {
        await apps.running(nameOf(params), signal);
        return OK;
      },
    }),
    operation({
      name: 'AppValidateCV',
      method: 'get',
      path: `${ONE}/validate-cv`,
      tag,
      access,
      summary: 'Check the settings against what the chart allows',
      response: okResponse,
      errors: [400, 404],
      handle: async ({ params }) => {
        apps.validateSettings(nameOf(params));
        return OK;
      },
    }),
    operation({
      name: 'AppPart',
      method: 'get',
      path: `${ONE}/part/{part}`,
      tag,
      access,
      summary: 'The manifest with which the application can be pushed again',
      response: z.string(),
      contentType: 'application/yaml',
      errors: [400, 404],
      handle: async ({ params, c, signal }) => {
        const { part } = params;
        if (!PARTS.includes(part)) {
          const expected = 'expected chart, manifest, image, values, or archive';
          throw badRequest('APP_PART_UNKNOWN', `unknown '${part}' part, ${expected}`);
        }
        const shown = await queries.show(nameOf(params), signal);
        if (part !== 'manifest')
          throw badRequest('APP_PART_UNAVAILABLE', unavailable(part, shown.deployment));
        const { builderimage } = queries.object(nameOf(params)).spec;
        const staging = builderimage === undefined ? {} : { builder: builderimage };
        const yaml = appManifest({ ...shown, staging });
        return c.body(yaml, 200, { 'content-type': 'application/yaml; charset=utf-8' });
      },
    }),
  ];
}

/** These parts are Helm's; this version of the platform deploys without it. */
function unavailable(part: string, deployment: unknown): string {
  return deployment === undefined
    ? 'no chart available for application without workload'
    : `part '${part}' is not available: this platform deploys without charts`;
}
