import { Agent, request, type RequestOptions } from 'node:https';

export interface Page {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

/** GET of a URL under `.localhost`, trusting the platform's authority alone. */
export function get(url: string, ca: string, options: RequestOptions = {}): Promise<Page> {
  return new Promise((resolve, reject) => {
    const outgoing = request(
      url,
      { ca, lookup: loopback as never, timeout: 10_000, ...options },
      (response) => {
        let body = '';
        response.setEncoding('utf8').on('data', (text: string) => (body += text));
        response.on('end', () =>
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body }),
        );
        response.on('error', reject);
      },
    );
    outgoing.on('timeout', () => outgoing.destroy(new Error(`${url} did not answer within 10 s`)));
    outgoing.on('error', reject);
    outgoing.end();
  });
}

/** One kept-alive connection, as a browser holds it. */
export function keepAlive(ca: string): Agent {
  return new Agent({ keepAlive: true, maxSockets: 1, ca, lookup: loopback as never });
}

type Answer = (error: null, address: string | { address: string; family: number }[], family?: number) => void;

function loopback(_host: string, options: { readonly all?: boolean }, answer: Answer): void {
  if (options.all === true) answer(null, [{ address: '127.0.0.1', family: 4 }]);
  else answer(null, '127.0.0.1', 4);
}
