/** Of one connection alone (RFC 9110), with those that `Connection` names. */
const HOP_BY_HOP = [
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
];
/** Who asked is between the client and this server. */
const OF_THE_CLIENT = /^(authorization|impersonate-.*)$/;
/** Which pages may read an answer is this server's to say. */
const CORS = /^access-control-/;

type Pairs = readonly (readonly [name: string, value: string])[];

/** The headers of a request that is passed on. */
export function requestHeaders(raw: readonly string[], client: string, uri: string): string[] {
  const pairs = endToEnd(raw).filter(([name]) => !OF_THE_CLIENT.test(name.toLowerCase()));
  const before = pairs.filter(([name]) => isNamed(name, 'x-forwarded-for')).map(([, value]) => value);
  const others = pairs.filter(
    ([name]) => !isNamed(name, 'x-forwarded-for') && !isNamed(name, 'x-forwarded-uri'),
  );
  return flat([...others, ['X-Forwarded-For', [...before, client].join(', ')], ['X-Forwarded-Uri', uri]]);
}

/** The headers of an answer that is passed back. */
export function responseHeaders(raw: readonly string[], location: (target: string) => string): string[] {
  return flat(
    endToEnd(raw)
      .filter(([name]) => !CORS.test(name.toLowerCase()))
      .map(([name, value]) => [name, isNamed(name, 'location') ? location(value) : value]),
  );
}

function endToEnd(raw: readonly string[]): Pairs {
  const pairs = pairsOf(raw);
  const named = pairs
    .filter(([name]) => isNamed(name, 'connection'))
    .flatMap(([, value]) => value.toLowerCase().split(','))
    .map((name) => name.trim());
  const dropped = new Set([...HOP_BY_HOP, ...named]);
  return pairs.filter(([name]) => !dropped.has(name.toLowerCase()));
}

function isNamed(name: string, wanted: string): boolean {
  return name.toLowerCase() === wanted;
}

/** Of names and values in turn, as Node.js has them. */
function pairsOf(raw: readonly string[]): Pairs {
  return raw.flatMap((name, index) => (index % 2 === 0 ? [[name, raw[index + 1] ?? ''] as const] : []));
}

function flat(pairs: Pairs): string[] {
  return pairs.flatMap(([name, value]) => [name, value]);
}
