import { z } from 'zod';
import type { AppObject } from '../../apps/app-object.ts';
import { app } from '../../models/app.ts';
import { matchResponse } from '../../models/meta.ts';
import { matches } from '../matches.ts';
import { type AnyOperation, operation } from '../operation.ts';
import { clamped, listQuery, paged, pagedSchema, pageOf, searched, slice } from '../pagination.ts';
import type { Platform } from '../platform.ts';

const tag = 'applications';
const access = 'permitted';
/** Published so: a search without a page answers the first page of this size, and calls page and size 0. */
const UNASKED = { page: 0, pageSize: 0 };
const UNASKED_SLICE = { page: 1, pageSize: 25 };

const nameOf = ({ metadata }: AppObject): string => metadata.name;

/** Lists of applications: each is one pass over memory. */
export function applicationListRoutes({ queries }: Platform): AnyOperation[] {
  return [
    operation({
      name: 'AllApps',
      method: 'get',
      path: '/api/v1/applications',
      tag,
      access,
      summary: 'The applications of all namespaces',
      query: listQuery,
      response: z.union([z.array(app), pagedSchema(app)]),
      handle: async ({ query, signal }) => {
        const found = searched(queries.objects(), query.search, nameOf);
        const wanted = pageOf(query);
        if (wanted === undefined) return queries.list(found, undefined, signal);
        const page = clamped(wanted, found.length);
        return paged(await queries.list(slice(found, page), undefined, signal), page, found.length);
      },
    }),
    operation({
      name: 'AllAppsGrouped',
      method: 'get',
      path: '/api/v1/applications/grouped',
      tag,
      access,
      summary: 'The applications of all namespaces, by namespace; a page is one of each',
      query: listQuery,
      response: z.record(z.string(), pagedSchema(app)),
      handle: async ({ query, signal }) => {
        const page = pageOf(query, 10);
        const groups = new Map<string, AppObject[]>();
        for (const object of searched(queries.objects(), query.search, nameOf)) {
          const { namespace = '' } = object.metadata;
          groups.set(namespace, [...(groups.get(namespace) ?? []), object]);
        }
        const cut = [...groups].map(([namespace, objects]) => ({
          namespace,
          total: objects.length,
          objects: slice(objects, page ?? UNASKED_SLICE),
        }));
        const shown = await queries.list(
          cut.flatMap(({ objects }) => objects),
          undefined,
          signal,
        );
        return Object.fromEntries(
          cut.map(({ namespace, total }) => [
            namespace,
            paged(
              shown.filter(({ meta }) => meta.namespace === namespace),
              page ?? UNASKED,
              total,
            ),
          ]),
        );
      },
    }),
    operation({
      name: 'Apps',
      method: 'get',
      path: '/api/v1/namespaces/{namespace}/applications',
      tag,
      access,
      summary: 'The applications of a namespace',
      query: listQuery,
      response: z.union([z.array(app), pagedSchema(app)]),
      errors: [404],
      handle: async ({ params: { namespace }, query, signal }) => {
        const found = searched(queries.objects(namespace), query.search, nameOf);
        const page = pageOf(query);
        if (page === undefined && (query.search ?? '') === '') return queries.list(found, namespace, signal);
        const shown = slice(found, page ?? UNASKED_SLICE);
        return paged(await queries.list(shown, namespace, signal), page ?? UNASKED, found.length);
      },
    }),
    ...(['/{pattern}', ''] as const).map((suffix) =>
      operation({
        name: suffix === '' ? 'AppMatch0' : 'AppMatch',
        method: 'get',
        path: `/api/v1/namespaces/{namespace}/appsmatches${suffix}`,
        tag,
        access,
        summary: 'Names of applications that begin with the pattern',
        response: matchResponse,
        errors: [404],
        handle: async ({ params, c }) =>
          matches(queries.objects(params.namespace).map(nameOf), c.req.param('pattern')),
      }),
    ),
  ];
}
