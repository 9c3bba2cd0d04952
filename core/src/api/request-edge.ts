import { randomUUID } from 'node:crypto';
import type { MiddlewareHandler } from 'hono';
import type { Clock } from '../ports/clock.ts';
import type { Log } from '../ports/log.ts';
import { type ApiContext, type ApiEnv, clientAddress } from './context.ts';
import { checkHost, type HostRules, isAllowed } from './hosts.ts';

export interface EdgeOptions {
  readonly log: Log;
  readonly clock: Pick<Clock, 'now'>;
  readonly rules: HostRules;
}

const REQUEST_ID = /^[A-Za-z0-9._-]{1,128}$/;
/** The kubelet asks by the pod's address, and learns nothing from the answer. */
const ANY_HOST = '/ready';

/** What every request goes through: an id, a line in the log, the check where it is meant for, headers for browsers. */
export function edge({ log, clock, rules }: EdgeOptions): MiddlewareHandler<ApiEnv> {
  return async (c, next) => {
    const given = c.req.header('x-request-id') ?? '';
    const requestId = REQUEST_ID.test(given) ? given : randomUUID();
    const started = clock.now();
    c.set('requestId', requestId);
    c.set('log', log.child({ requestId }));
    c.header('X-Request-Id', requestId);
    c.header('X-Content-Type-Options', 'nosniff');
    c.header('Cache-Control', 'no-store');
    if (c.req.path !== ANY_HOST) checkHost(c, rules);
    if (answersPreflight(c, rules)) {
      c.res = c.body(null, 204);
      return;
    }
    await next();
    logRequest(c, clock.now() - started);
  };
}

/** The published CORS headers, for origins that the operator has allowed. @returns true when that is the whole answer. */
function answersPreflight(c: ApiContext, rules: HostRules): boolean {
  const origin = c.req.header('origin');
  if (origin === undefined || !isAllowed(origin, rules)) return false;
  c.header('Access-Control-Allow-Origin', origin);
  c.header('Access-Control-Allow-Credentials', 'true');
  c.header('Access-Control-Allow-Methods', 'POST, PUT, PATCH, GET, OPTIONS, DELETE');
  c.header('Access-Control-Allow-Headers', 'Authorization,x-api-csrf,content-type,file-size');
  c.header('Vary', 'Origin');
  return c.req.method === 'OPTIONS';
}

function logRequest(c: ApiContext, durationMs: number): void {
  const { method, path } = c.req;
  // Probes come every second, and say nothing.
  if (path === ANY_HOST) return;
  const user = (c.get('user') as { username: string } | undefined)?.username;
  const status = c.env.upgrade?.accept === undefined ? c.res.status : 101;
  // Clients poll: what only read, and could, is not worth a line by itself.
  const level = method === 'GET' && status === 200 ? 'debug' : 'info';
  c.get('log')[level]('Request', {
    method,
    path,
    status,
    durationMs,
    address: clientAddress(c),
    ...(user === undefined ? {} : { user }),
  });
}
