import type { IncomingMessage } from 'node:http';
import type { Exchange } from './exchange.ts';
import { responseHeaders } from './message-headers.ts';

/** Streams the ordinary answer that an application gave in place of an upgrade. */
export async function relayResponse(response: IncomingMessage, exchange: Exchange): Promise<void> {
  const stopWatching = exchange.onGone(() => response.destroy());
  try {
    exchange.begin(response.statusCode ?? 502, response.statusMessage, responseHeaders(response.rawHeaders));
    for await (const chunk of response as AsyncIterable<Buffer>) {
      if (!exchange.write(chunk)) await writable(exchange);
    }
    exchange.end();
  } catch (error) {
    response.destroy();
    if (exchange.isGone) return;
    exchange.cut();
    throw error;
  } finally {
    stopWatching();
  }
}

function writable(exchange: Exchange): Promise<void> {
  return new Promise((resolve, reject) => {
    const stopWatching = exchange.onGone(() => reject(new Error('the client hung up')));
    exchange.drained(() => {
      stopWatching();
      resolve();
    });
  });
}
