import { createHash } from 'node:crypto';
import type { SigningKey } from '../auth/tokens/signing-key.ts';
import type { Discovery } from './discovery.ts';
import type { Exchange } from './exchange.ts';
import { answerHealth, isHealthPath } from './health.ts';
import type { OpenApi, OpenApiDocument } from './openapi.ts';
import { answerOpenId, OPENID_CONFIGURATION, OPENID_KEYS } from './openid.ts';
import { methodNotAllowed } from '../status.ts';

/** The Kubernetes version whose API this is. */
const VERSION = {
  major: '1',
  minor: '35',
  gitVersion: 'v1.35.0+epinio',
  gitCommit: '',
  gitTreeState: 'clean',
  buildDate: '1970-01-01T00:00:00Z',
  goVersion: '',
  compiler: '',
  platform: `${process.platform}/${process.arch === 'x64' ? 'amd64' : process.arch}`,
};

const YEAR_MS = 365 * 24 * 60 * 60 * 1000;
const AGGREGATED = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';

export interface OtherPaths {
  readonly discovery: Discovery;
  readonly openApi: OpenApi;
  readonly isReady: () => boolean;
  readonly signingKey: SigningKey;
}

/** Answers what is no resource: discovery, OpenAPI, version, health. */
export function answerOther(
  exchange: Exchange,
  segments: readonly string[],
  { discovery, openApi, isReady, signingKey }: OtherPaths,
): void {
  if (exchange.method !== 'GET' && exchange.method !== 'HEAD') throw methodNotAllowed();
  const [root = '', second, third] = segments;
  if (isHealthPath(segments)) {
    answerHealth(exchange, segments, isReady);
  } else if (root === 'version' && segments.length === 1) {
    exchange.sendObject(200, VERSION);
  } else if (root === '' || root === 'openapi') {
    answerOpenApi(exchange, segments, openApi);
  } else if (exchange.path === OPENID_CONFIGURATION || exchange.path === OPENID_KEYS) {
    answerOpenId(exchange, signingKey);
  } else if (root === 'api' || root === 'apis') {
    const core = root === 'api';
    if (second === undefined) {
      const aggregated =
        exchange.accept.replaceAll(' ', '').includes('as=APIGroupDiscoveryList') &&
        exchange.accept.includes('v=v2');
      const text = discovery.root(core, aggregated);
      if (!aggregated) exchange.send(200, text);
      else exchange.sendKept(text, hashOf(text), { 'content-type': AGGREGATED, 'cache-control': 'public' });
    } else {
      const found = core
        ? discovery.version('', second)
        : third === undefined
          ? discovery.group(second)
          : discovery.version(second, third);
      if (found === undefined) exchange.sendText(404, '404 page not found\n');
      else exchange.send(200, found);
    }
  } else {
    exchange.sendText(404, '404 page not found\n');
  }
}

function answerOpenApi(exchange: Exchange, segments: readonly string[], openApi: OpenApi): void {
  const [, version, ...path] = segments;
  if (segments.length === 0) {
    exchange.sendObject(200, {
      paths: [
        ...[OPENID_CONFIGURATION, '/api', '/apis', '/healthz', '/livez'],
        ...['/openapi/v3', OPENID_KEYS, '/readyz', '/version'],
      ],
    });
    return;
  }
  if (version === 'v2' && path.length === 0) {
    answerOpenApiV2(exchange);
    return;
  }
  if (version !== 'v3') exchange.sendText(404, '404 page not found\n');
  else if (path.length === 0) exchange.send(200, openApi.index());
  else answerDocument(exchange, openApi.document(path.join('/')));
}

/** A document with the hash that clients know it by may be kept for ever; one of another hash is elsewhere now. */
function answerDocument(exchange: Exchange, document: OpenApiDocument | undefined): void {
  if (document === undefined) {
    exchange.sendText(404, '404 page not found\n');
    return;
  }
  const { text, hash } = document;
  const asked = exchange.query.get('hash') ?? '';
  if (asked !== '' && asked !== hash) {
    const location = `${exchange.path}?hash=${hash}`;
    exchange.response.writeHead(301, { location, etag: `"${hash}"`, vary: 'Accept', 'content-length': 0 });
    exchange.response.end();
    return;
  }
  const kept = {
    'cache-control': 'public, immutable',
    expires: new Date(Date.now() + YEAR_MS).toUTCString(),
  };
  exchange.sendKept(text, hash, asked === '' ? { 'cache-control': 'no-cache, private' } : kept);
}

function hashOf(text: string): string {
  return createHash('sha512').update(text).digest('hex').toUpperCase();
}

/**
 * OpenAPI v2 without types. kubectl asks for it when a file holds a `List`, to check the file itself; what it finds
 * no type for it leaves to the server, which checks everything.
 */
function answerOpenApiV2(exchange: Exchange): void {
  const info = { title: 'Kubernetes', version: VERSION.gitVersion };
  if (!exchange.accept.includes('protobuf')) {
    exchange.sendObject(200, { swagger: '2.0', info, paths: {}, definitions: {} });
    return;
  }
  // openapi.v2.Document: swagger = 1, info = 2 { title = 1, version = 2 }, paths = 8
  const text = (field: number, value: string): Buffer =>
    Buffer.concat([Buffer.from([(field << 3) | 2, value.length]), Buffer.from(value)]);
  const nested = Buffer.concat([text(1, info.title), text(2, info.version)]);
  const document = Buffer.concat([
    text(1, '2.0'),
    Buffer.from([(2 << 3) | 2, nested.length]),
    nested,
    Buffer.from([(8 << 3) | 2, 0]),
  ]);
  exchange.sendBytes(200, document, 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf');
}
