import {
  type IncomingHttpHeaders,
  type IncomingMessage,
  request as requestHttp,
  type RequestOptions,
} from 'node:http';
import { request as requestHttps } from 'node:https';
import type { Readable } from 'node:stream';

export interface PublicRequest {
  /** Where to connect; the host of the URL only says who is asked for. */
  readonly connectTo: { readonly host: string; readonly port: number };
  /** PEM of the authority that the certificate is verified with. */
  readonly ca?: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer | Readable;
}

export interface PublicResponse {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** One request on a connection of its own, by the name in the URL, to an address that need not be in DNS. */
export async function requestPublic(url: string, options: PublicRequest): Promise<PublicResponse> {
  const response = await openPublic(url, options);
  const chunks: Buffer[] = [];
  for await (const chunk of response as AsyncIterable<Buffer>) chunks.push(chunk);
  return {
    status: response.statusCode ?? 0,
    headers: response.headers,
    body: Buffer.concat(chunks).toString(),
  };
}

/** The same, with the body still to come. */
export function openPublic(url: string, options: PublicRequest): Promise<IncomingMessage> {
  const { protocol, host, hostname, pathname, search } = new URL(url);
  const { connectTo, ca, method = 'GET', headers = {}, body } = options;
  const isSecure = protocol === 'https:';
  const wanted: RequestOptions = {
    ...connectTo,
    agent: false,
    method,
    path: `${pathname}${search}`,
    headers: { host, ...headers },
    ...(isSecure && { servername: hostname, ...(ca !== undefined && { ca }) }),
  };
  return new Promise((resolve, reject) => {
    const sent = isSecure ? requestHttps(wanted) : requestHttp(wanted);
    sent.once('response', resolve);
    sent.once('error', reject);
    if (body === undefined || typeof body === 'string' || Buffer.isBuffer(body)) sent.end(body);
    else body.pipe(sent);
  });
}
