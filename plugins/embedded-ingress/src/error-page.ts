import type { Exchange } from './exchange.ts';
import { headerOf } from './message-headers.ts';

/** An answer that this proxy gives in an application's place. */
export interface ErrorPage {
  readonly status: number;
  /** What is wrong, as one sentence without a full stop. */
  readonly title: string;
  /** What to do about it. */
  readonly fix: string;
  readonly headers?: readonly string[];
}

/** Sends an error page in the form that the client prefers: HTML, JSON (the API's error body) or plain text. */
export function sendErrorPage(exchange: Exchange, page: ErrorPage): void {
  if (exchange.isGone || exchange.hasBegun) return;
  const [type, text] = render(page, headerOf(exchange.headers, 'accept') ?? '');
  const body = Buffer.from(text);
  exchange.begin(page.status, undefined, [
    'Content-Type',
    `${type}; charset=utf-8`,
    'Content-Length',
    String(body.length),
    'Cache-Control',
    'no-store',
    'X-Content-Type-Options',
    'nosniff',
    ...(page.headers ?? []),
  ]);
  if (exchange.method !== 'HEAD') exchange.write(body);
  exchange.end();
}

function render({ status, title, fix }: ErrorPage, accept: string): [type: string, text: string] {
  const html = accept.indexOf('text/html');
  const json = accept.search(/application\/(?:[\w.-]+\+)?json/);
  if (json !== -1 && (html === -1 || json < html)) {
    return ['application/json', `${JSON.stringify({ errors: [{ status, title, details: fix }] })}\n`];
  }
  if (html === -1) return ['text/plain', `${status} ${title}\n${fix}\n`];
  return [
    'text/html',
    `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${status}</title>
<style>
body{font:16px/1.5 system-ui,sans-serif;max-width:40em;margin:15vh auto;padding:0 1.5em;color:#222;background:#fff}
small{color:#777;font-size:1em} h1{font-size:1.4em;margin:.2em 0}
@media(prefers-color-scheme:dark){body{color:#ddd;background:#1b1b1b}}
</style>
<small>${status}</small><h1>${escape(title)}</h1><p>${escape(fix)}</p></html>
`,
  ];
}

function escape(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
