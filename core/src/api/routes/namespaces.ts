import { z } from 'zod';
import { matchResponse, OK, okResponse } from '../../models/meta.ts';
import { namespace, namespaceCreateRequest } from '../../models/platform.ts';
import { matches } from '../matches.ts';
import { type AnyOperation, operation } from '../operation.ts';
import { listQuery, paged, pagedSchema, pageOf, searched, slice } from '../pagination.ts';
import type { Platform } from '../platform.ts';

const tag = 'namespaces';
const access = 'permitted';

export function namespaceRoutes({ namespaces }: Platform): AnyOperation[] {
  return [
    operation({
      name: 'Namespaces',
      method: 'get',
      path: '/api/v1/namespaces',
      tag,
      access,
      summary: 'All namespaces',
      query: listQuery,
      response: z.union([z.array(namespace), pagedSchema(namespace)]),
      handle: async ({ query }) => {
        const names = searched(namespaces.names(), query.search, (name) => name);
        const page = pageOf(query);
        if (page === undefined) return namespaces.list(names);
        return paged(namespaces.list(slice(names, page)), page, names.length);
      },
    }),
    operation({
      name: 'NamespaceCreate',
      method: 'post',
      path: '/api/v1/namespaces',
      tag,
      access,
      summary: 'Create a namespace',
      body: { schema: namespaceCreateRequest },
      status: 201,
      response: okResponse,
      errors: [400, 409],
      handle: async ({ body, signal }) => {
        await namespaces.create(body.name, signal);
        return OK;
      },
    }),
    operation({
      name: 'NamespaceBatchDelete',
      method: 'delete',
      path: '/api/v1/namespaces',
      tag,
      access,
      summary: 'Delete namespaces with all that is in them',
      query: z.object({ 'namespaces[]': z.array(z.string()).optional() }),
      response: okResponse,
      errors: [404],
      handle: async ({ query, signal }) => {
        for (const name of query['namespaces[]'] ?? []) await namespaces.delete(name, signal);
        return OK;
      },
    }),
    operation({
      name: 'NamespaceShow',
      method: 'get',
      path: '/api/v1/namespaces/{namespace}',
      tag,
      access,
      summary: 'One namespace',
      response: namespace,
      errors: [404],
      handle: async ({ params }) => namespaces.show(params.namespace),
    }),
    operation({
      name: 'NamespaceDelete',
      method: 'delete',
      path: '/api/v1/namespaces/{namespace}',
      tag,
      access,
      summary: 'Delete a namespace with all that is in it, and wait until it is gone',
      response: okResponse,
      errors: [404],
      handle: async ({ params, signal }) => {
        await namespaces.delete(params.namespace, signal);
        return OK;
      },
    }),
    ...(['/{pattern}', ''] as const).map((suffix) =>
      operation({
        name: suffix === '' ? 'NamespacesMatch0' : 'NamespacesMatch',
        method: 'get',
        path: `/api/v1/namespacematches${suffix}`,
        tag,
        access,
        summary: 'Names of namespaces that begin with the pattern',
        response: matchResponse,
        handle: async ({ c }) => matches(namespaces.names(), c.req.param('pattern')),
      }),
    ),
  ];
}
