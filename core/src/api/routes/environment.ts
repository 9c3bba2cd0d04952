import { z } from 'zod';
import type { AppName } from '../../apps/app-object.ts';
import { environmentGroups, envVariable } from '../../models/app.ts';
import { matchResponse, OK, okResponse } from '../../models/meta.ts';
import { matches } from '../matches.ts';
import { type AnyOperation, operation } from '../operation.ts';
import type { Platform } from '../platform.ts';

const tag = 'environment';
const access = 'permitted';
const APP = '/api/v1/namespaces/{namespace}/applications/{app}';

const nameOf = ({ namespace, app: name }: { readonly namespace: string; readonly app: string }): AppName => ({
  namespace,
  name,
});

/** Environment variables of an application. Changes take effect at once when it runs. */
export function environmentRoutes({ apps, queries, settings }: Platform): AnyOperation[] {
  function variables(app: AppName): Readonly<Record<string, string>> {
    queries.object(app);
    return settings.get(app).environment;
  }

  return [
    operation({
      name: 'EnvList',
      method: 'get',
      path: `${APP}/environment`,
      tag,
      access,
      summary: 'The variables, on request by where they come from',
      query: z.object({ grouped: z.string().optional().describe('"true" groups them') }),
      response: z.union([environmentGroups, z.record(z.string(), z.string())]),
      errors: [404],
      handle: async ({ params, query }) => {
        const app = nameOf(params);
        const environment = { ...variables(app) };
        if (query.grouped !== 'true') return environment;
        const { configurations } = settings.get(app);
        return queries.groupedEnvironment(app, environment, configurations);
      },
    }),
    operation({
      name: 'EnvSet',
      method: 'post',
      path: `${APP}/environment`,
      tag,
      access,
      summary: 'Add or change variables',
      body: { schema: z.record(z.string(), z.string()).meta({ example: { MODE: 'prod' } }) },
      response: okResponse,
      errors: [400, 404],
      handle: async ({ params, body, user, signal }) => {
        await apps.changeEnvironment(nameOf(params), user.username, body, signal);
        return OK;
      },
    }),
    operation({
      name: 'EnvShow',
      method: 'get',
      path: `${APP}/environment/{env}`,
      tag,
      access,
      summary: 'One variable; name and value are empty when there is none',
      response: envVariable,
      errors: [404],
      handle: async ({ params }) => {
        const value = variables(nameOf(params))[params.env];
        return value === undefined ? { name: '', value: '' } : { name: params.env, value };
      },
    }),
    operation({
      name: 'EnvUnset',
      method: 'delete',
      path: `${APP}/environment/{env}`,
      tag,
      access,
      summary: 'Remove a variable; one that is not there is no error',
      response: okResponse,
      errors: [404],
      handle: async ({ params, user, signal }) => {
        await apps.changeEnvironment(nameOf(params), user.username, { [params.env]: undefined }, signal);
        return OK;
      },
    }),
    ...(['/{pattern}', ''] as const).map((suffix) =>
      operation({
        name: suffix === '' ? 'EnvMatch0' : 'EnvMatch',
        method: 'get',
        path: `${APP}/environmentmatch${suffix}`,
        tag,
        access,
        summary: 'Names of variables that begin with the pattern',
        response: matchResponse,
        errors: [404],
        handle: async ({ params, c }) =>
          matches(Object.keys(variables(nameOf(params))), c.req.param('pattern')),
      }),
    ),
  ];
}
