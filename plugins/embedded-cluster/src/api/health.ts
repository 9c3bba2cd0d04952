import type { Exchange } from './exchange.ts';

/** Answers whether something is as it should be. */
interface Check {
  readonly name: string;
  isPassed(): boolean;
}

const ROOTS = ['healthz', 'livez', 'readyz'];

export function isHealthPath([root = '']: readonly string[]): boolean {
  return ROOTS.includes(root);
}

/**
 * Answers /livez, /readyz and /healthz: `ok`, or all checks one by one with `?verbose` and when one fails; those of
 * `?exclude=` count as passed. /readyz/ping answers that check alone.
 */
export function answerHealth(exchange: Exchange, segments: readonly string[], isReady: () => boolean): void {
  const [root = '', ...rest] = segments;
  const checks: readonly Check[] = [
    { name: 'ping', isPassed: () => true },
    // The controllers know the whole cluster, and the node has found its pods.
    ...(root === 'readyz' ? [{ name: 'controllers-and-node', isPassed: isReady }] : []),
  ];
  if (rest.length > 0) {
    const check = checks.find(({ name }) => name === rest.join('/'));
    if (check === undefined) exchange.sendText(404, '404 page not found\n');
    else if (check.isPassed()) exchange.sendText(200, 'ok');
    else exchange.sendText(500, 'internal server error: reason withheld\n');
    return;
  }
  const excluded = exchange.query.getAll('exclude');
  const failed: Check[] = [];
  const lines = checks.map((check) => {
    if (excluded.includes(check.name)) return `[+]${check.name} excluded: ok`;
    if (check.isPassed()) return `[+]${check.name} ok`;
    failed.push(check);
    return `[-]${check.name} failed: reason withheld`;
  });
  const unknown = [...new Set(excluded)].filter((name) => !checks.some((check) => check.name === name));
  if (unknown.length > 0) {
    const names = unknown.sort().map((name) => JSON.stringify(name));
    lines.push(`warn: some health checks cannot be excluded: no matches for ${names.join(', ')}`);
  }
  const text = [...lines, `${root} check ${failed.length > 0 ? 'failed' : 'passed'}\n`].join('\n');
  if (failed.length > 0) exchange.sendText(500, text);
  else exchange.sendText(200, exchange.query.has('verbose') ? text : 'ok');
}
