import { storedOrigin } from '../../apps/origin.ts';
import { badRequest } from '../../apps/published-errors.ts';
import { shownRecord } from '../../deployments/record.ts';
import type { PushInput } from '../../deployments/deployments.ts';
import { type AsyncDeployRequest, asyncDeployRequest, asyncDeployStatus } from '../../models/deployment.ts';
import { OK, okResponse } from '../../models/meta.ts';
import { checkBlob } from '../../sources/blob-metadata.ts';
import { EpinioError } from '../../kernel/errors.ts';
import { json } from '../errors.ts';
import { type AnyOperation, operation } from '../operation.ts';
import type { Platform } from '../platform.ts';

const tag = 'deployments';
const access = 'permitted';
const APP = '/api/v1/namespaces/{namespace}/applications/{app}';

/** Pushes, and what came of them. The older pair of stage and deploy stands beside this. */
export function deploymentRoutes({ deps, queries, deployments, stagingRuns }: Platform): AnyOperation[] {
  return [
    operation({
      name: 'AppDeployments',
      method: 'post',
      path: `${APP}/deployments`,
      tag,
      access,
      summary:
        'Build sources, or take an image, and deploy it; the answer says where to look for the outcome',
      body: { schema: asyncDeployRequest, details: 'failed to unmarshal async deploy request' },
      status: 202,
      response: asyncDeployStatus,
      errors: [400, 404],
      handle: async ({ params, body, user, c, signal }) => {
        const app = { namespace: params.namespace, name: params.app };
        checkReference(app, body);
        queries.object(app);
        if (body.blobuid) await checkBlob(deps.storage, app, body.blobuid, signal);
        const record = await deployments.push(app, user.username, pushInput(body), signal);
        c.header('Location', `${c.req.path}/${record.id}`);
        return json(c, shownRecord(app, record, await deps.ingress.address(signal)), 202);
      },
    }),
    operation({
      name: 'AppDeployment',
      method: 'get',
      path: `${APP}/deployments/{deployment_id}`,
      tag,
      access,
      summary: 'The state of a deployment',
      response: asyncDeployStatus,
      errors: [404],
      handle: async ({ params, signal }) => {
        const app = { namespace: params.namespace, name: params.app };
        return shownRecord(
          app,
          deployments.get(app, params.deployment_id),
          await deps.ingress.address(signal),
        );
      },
    }),
    operation({
      name: 'StagingComplete',
      method: 'get',
      path: '/api/v1/namespaces/{namespace}/staging/{stage_id}/complete',
      tag,
      access,
      summary: 'Wait for the end of a staging run',
      response: okResponse,
      handle: async ({ params, signal }) => {
        const { phase } = await stagingRuns.wait(params.namespace, params.stage_id, signal);
        if (phase === 'succeeded') return OK;
        throw new EpinioError('STAGING_FAILED', 'Failed to stage', {
          status: 500,
          details: [`stage-id = ${params.stage_id}`],
        });
      },
    }),
  ];
}

/** The body names the application too; published clients rely on both being compared. */
function checkReference(
  app: { readonly namespace: string; readonly name: string },
  { app: named, image, blobuid }: AsyncDeployRequest,
): void {
  for (const key of ['name', 'namespace'] as const) {
    if (named[key] !== app[key]) {
      throw badRequest('REQUEST_MISMATCH', `${key} parameter from URL does not match ${key} param in body`);
    }
  }
  if (!image && !blobuid) {
    throw badRequest('DEPLOYMENT_EMPTY', 'async deploy requires either `image` or `blobuid`');
  }
}

/** Sources come before an image, as published. */
function pushInput({ blobuid, image, builderimage, origin, restage }: AsyncDeployRequest): PushInput {
  return {
    ...(blobuid ? { blobUid: blobuid } : image ? { image } : {}),
    ...(builderimage ? { builderImage: builderimage } : {}),
    origin: storedOrigin(origin),
    ...(restage === true ? { restage } : {}),
  };
}
