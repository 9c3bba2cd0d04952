import type { Dispatcher } from 'undici';
import type { Endpoint } from './endpoint.ts';
import type { Exchange } from './exchange.ts';
import { type RawHeaders, responseHeaders } from './message-headers.ts';
import type { RequestBody } from './request-body.ts';
import type { ConnectUpstream } from './upstream-client.ts';

/** How one attempt to have a request answered by one instance ended. */
export type Outcome =
  /** The exchange is over: answered, broken off after the answer began, or the client hung up. */
  | { readonly result: 'over' }
  | {
      readonly result: 'failed';
      readonly error: Error;
      /** A part of the request may have reached the application. */
      readonly wasSent: boolean;
    };

/** Sends a request to one instance and streams its answer to the client, each side at the pace of the other. */
export function sendRequest(
  exchange: Exchange,
  endpoint: Endpoint,
  connect: ConnectUpstream,
  headers: string[],
  body: RequestBody | undefined,
): Promise<Outcome> {
  return new Promise((resolve) => {
    const lease = endpoint.lease(connect);
    let wasSent = false;
    const stream = body?.open();
    const stopWatching = exchange.onGone(() => lease.discard(new ClientGoneError()));

    const over = (outcome: Outcome): void => {
      stopWatching();
      resolve(outcome);
    };

    const handler: Dispatcher.DispatchHandler = {
      onRequestStart() {
        wasSent = true;
      },
      onResponseStart(controller, status, _headers, message) {
        if (status < 200) return; // interim answers are the connection's own
        exchange.begin(status, message, responseHeaders(text(controller.rawHeaders)));
      },
      onResponseData(controller, chunk) {
        if (exchange.write(chunk)) return;
        controller.pause();
        exchange.drained(() => controller.resume());
      },
      onResponseEnd(controller) {
        exchange.end(text(controller.rawTrailers));
        // An answer that came before the request was whole leaves its connection in the middle of one.
        if (stream !== undefined && !stream.readableEnded) lease.discard(new Error('answered early'));
        else lease.release();
        over({ result: 'over' });
      },
      onResponseError(_controller, error) {
        lease.discard(error);
        if (exchange.hasBegun && !exchange.isGone) exchange.cut();
        if (exchange.hasBegun || exchange.isGone) over({ result: 'over' });
        else over({ result: 'failed', error, wasSent });
      },
    };
    lease.client.dispatch(
      { method: exchange.method, path: exchange.target, headers, body: stream ?? null },
      handler,
    );
  });
}

class ClientGoneError extends Error {
  constructor() {
    super('the client hung up');
    this.name = 'ClientGoneError';
  }
}

/** Header fields as undici keeps them. */
function text(raw: Dispatcher.DispatchController['rawHeaders']): RawHeaders {
  if (!Array.isArray(raw)) return [];
  return raw.map((part) => (typeof part === 'string' ? part : part.toString('latin1')));
}
