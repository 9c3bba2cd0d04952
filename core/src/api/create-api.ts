import { setMaxListeners } from 'node:events';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { OpenAPIHono } from '@hono/zod-openapi';
import { EpinioError } from '../kernel/errors.ts';
import { createAuthentication } from './authentication.ts';
import type { ApiEnv } from './context.ts';
import { errorResponse } from './errors.ts';
import { createGuards } from './guards.ts';
import type { HostRules } from './hosts.ts';
import { openApiDocument } from './openapi.ts';
import type { AnyOperation } from './operation.ts';
import { createPlatform, type Platform, type PlatformDeps } from './platform.ts';
import { edge } from './request-edge.ts';
import { type AboutDeps, aboutRoutes } from './routes/about.ts';
import { applicationListRoutes } from './routes/application-lists.ts';
import { applicationRoutes } from './routes/applications.ts';
import { deploymentRoutes } from './routes/deployments.ts';
import { environmentRoutes } from './routes/environment.ts';
import { namespaceRoutes } from './routes/namespaces.ts';
import { socketRoutes } from './routes/sockets.ts';
import { sourceRoutes } from './routes/sources.ts';
import { Sockets } from './sockets.ts';
import { allowedMethods } from './unknown-route.ts';

export interface ApiDeps extends PlatformDeps, AboutDeps {
  /** Origins of web pages that may call the API, besides its own; `*` for all. Default none. */
  readonly allowedOrigins?: readonly string[];
}

/** The API as something that answers requests. It listens to nothing. */
export interface Api {
  readonly app: OpenAPIHono<ApiEnv>;
  readonly platform: Platform;
  /** For the `upgrade` event of an HTTP server. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  /** The port on which the server listens, by which requests on loopback are known to be meant for it. */
  listensOn(port: number | undefined): void;
  /** From now on `/ready` says yes. */
  markReady(): void;
  /**
   * From now on `/ready` says no; open websockets are closed. When the signal is aborted, they are cut, and requests that
   * still wait for something are given up.
   */
  close(signal: AbortSignal): Promise<void>;
}

/** Makes the API over contracts and ports. */
export function createApi(deps: ApiDeps): Api {
  const platform = createPlatform(deps);
  const sockets = new Sockets(deps.log);
  const lifetime = new AbortController();
  setMaxListeners(0, lifetime.signal);
  let port: number | undefined;
  let isReady = false;
  const rules: HostRules = {
    publicHost: `epinio.${deps.settings.domain}`,
    listenPort: () => port,
    allowedOrigins: deps.allowedOrigins ?? [],
  };
  const guards = createGuards(
    platform,
    createAuthentication({ ...deps, users: platform.users }),
    deps.version,
  );
  const operations: readonly AnyOperation[] = [
    ...aboutRoutes(platform, deps),
    ...namespaceRoutes(platform),
    ...applicationListRoutes(platform),
    ...applicationRoutes(platform),
    ...sourceRoutes(platform),
    ...deploymentRoutes(platform),
    ...environmentRoutes(platform),
  ];

  const app = new OpenAPIHono<ApiEnv>();
  app.onError((error, c) => errorResponse(c, error));
  app.use(edge({ log: deps.log, clock: deps.clock, rules }));
  for (const operation of operations) operation.register(app, guards.rest, lifetime.signal);
  for (const route of socketRoutes(platform)) route.register(app, guards.sockets);
  app.get('/ready', (c) =>
    isReady ? c.json({}, 200) : c.json({ message: 'The platform is not ready yet' }, 500),
  );
  let document: object | undefined;
  for (const path of ['/api/openapi.json', '/api/swagger.json']) {
    app.get(path, (c) => c.json((document ??= openApiDocument(app, deps.version, rules.publicHost)), 200));
  }
  app.notFound((c) => {
    const methods = allowedMethods(operations, c.req.path);
    if (methods.length === 0) {
      throw new EpinioError('ROUTE_NOT_FOUND', `route '${c.req.path}' does not exist`, { status: 404 });
    }
    c.header('Allow', methods.join(', '));
    throw new EpinioError('METHOD_NOT_ALLOWED', 'Method not allowed', { status: 405 });
  });

  return {
    app,
    platform,
    upgrade: (request, socket, head) => void sockets.upgrade(app, request, socket, head),
    listensOn: (listening) => (port = listening),
    markReady: () => (isReady = true),
    async close(signal) {
      isReady = false;
      signal.addEventListener('abort', () => lifetime.abort(stopping()), { once: true });
      if (signal.aborted) lifetime.abort(stopping());
      await sockets.close(signal);
    },
  };
}

function stopping(): EpinioError {
  return new EpinioError('SERVER_STOPPING', 'The server is stopping', {
    status: 503,
    fix: 'Try again in a moment',
  });
}
