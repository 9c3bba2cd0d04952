import type { IncomingMessage } from 'node:http';
import type { Context } from 'hono';
import type { WebSocket } from 'ws';
import type { Log } from '../ports/log.ts';
import type { User } from '../users/users.ts';

/** What runs on an accepted websocket; the socket is closed with 1000 when it returns. */
export type SocketSession = (socket: WebSocket, signal: AbortSignal) => Promise<void>;

/** A request to become a websocket: routes accept it by leaving a session here. */
export interface UpgradeRequest {
  accept?: SocketSession;
}

/** What each request carries. */
export interface ApiEnv {
  Bindings: {
    /** Absent when a test calls the application directly. */
    readonly incoming?: IncomingMessage;
    readonly upgrade?: UpgradeRequest;
  };
  Variables: {
    requestId: string;
    log: Log;
    user: User;
  };
}

export type ApiContext = Context<ApiEnv>;

/** Where the client is, as the ingress in front says; for throttling and the log. */
export function clientAddress(c: ApiContext): string {
  // The last entry is the one that our own ingress has added; those before are the client's own words.
  const forwarded = c.req.header('x-forwarded-for')?.split(',').at(-1)?.trim();
  return forwarded ?? c.env.incoming?.socket.remoteAddress ?? 'unknown';
}
