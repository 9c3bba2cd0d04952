import { createRoute, type OpenAPIHono } from '@hono/zod-openapi';
import { z } from 'zod';
import { badRequest } from '../apps/published-errors.ts';
import { errorResponse } from '../models/errors.ts';
import type { ApiContext, ApiEnv, SocketSession } from './context.ts';

/** A route that becomes a websocket. */
export interface SocketRoute {
  readonly name: string;
  readonly path: string;
  register(api: OpenAPIHono<ApiEnv>, guards: readonly ((c: ApiContext) => Promise<void>)[]): void;
}

/** Declares a websocket. `open` looks at the request, throws what is wrong with it, and says what will run on the socket. */
export function socketRoute(
  name: string,
  path: string,
  summary: string,
  open: (c: ApiContext) => SocketSession,
): SocketRoute {
  return {
    name,
    path,
    register(api, guards) {
      api.openAPIRegistry.registerPath(documented(name, path, summary));
      api.get(path, async (c) => {
        for (const guard of guards) await guard(c);
        const session = open(c);
        const { upgrade } = c.env;
        if (upgrade === undefined) {
          throw badRequest('WEBSOCKET_EXPECTED', 'websocket: the client is not using the websocket protocol');
        }
        upgrade.accept = session;
        return c.body(null, 204);
      });
    },
  };
}

function documented(name: string, path: string, summary: string): ReturnType<typeof createRoute> {
  const names = [...path.matchAll(/:(\w+)/g)].map((match) => match[1] ?? '');
  const error = { description: 'Error', content: { 'application/json': { schema: errorResponse } } };
  return createRoute({
    method: 'get',
    path: path.replace(/:(\w+)/g, '{$1}'),
    operationId: name,
    summary: `${summary} (websocket)`,
    tags: ['websockets'],
    request: {
      params: z.object(Object.fromEntries(names.map((key) => [key, z.string()]))),
      query: z.object({ authtoken: z.string().describe('From GET /api/v1/authtoken') }),
    },
    responses: {
      101: { description: 'Switches to the websocket protocol' },
      400: error,
      401: error,
      403: error,
      404: error,
    },
  });
}
