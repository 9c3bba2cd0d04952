import type { IncomingMessage } from 'node:http';
import { EXIT, LifecycleError } from './lifecycle-error.ts';

/** A store that sends nothing for this long is taken for dead. */
const IDLE_MS = 60_000;

/** Opens a blob for reading. The URL is a secret: no message shows it. */
export async function download(url: URL): Promise<IncomingMessage> {
  const { get } = url.protocol === 'https:' ? await import('node:https') : await import('node:http');
  return new Promise((resolve, reject) => {
    const fail = (reason: string, cause?: unknown): void =>
      reject(
        new LifecycleError(EXIT.unpack, `The sources cannot be fetched from ${url.host}: ${reason}`, {
          cause,
        }),
      );
    const request = get(url, (response) => {
      if (response.statusCode === 200) {
        resolve(response);
        return;
      }
      response.resume();
      fail(`the store answered ${response.statusCode ?? 'nothing'}${explain(response.statusCode)}`);
    });
    request.setTimeout(IDLE_MS, () => request.destroy(new Error(`nothing came for ${IDLE_MS / 1000} s`)));
    request.once('error', (error) => fail(error.message, error));
  });
}

function explain(status: number | undefined): string {
  if (status === 403 || status === 401) return ' (the link has expired, push again)';
  if (status === 404) return ' (the sources are not there any more, push again)';
  return '';
}
