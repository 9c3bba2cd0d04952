import type { SigningKey } from '../auth/tokens/signing-key.ts';
import type { Discovery } from './discovery.ts';
import type { Exchange } from './exchange.ts';
import type { OpenApi } from './openapi.ts';
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

const HEALTH = new Set(['healthz', 'livez', 'readyz']);
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
  if (HEALTH.has(root)) {
    const ready = root !== 'readyz' || isReady();
    exchange.sendText(ready ? 200 : 500, ready ? 'ok' : 'not ready yet');
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
      exchange.send(200, discovery.root(core, aggregated), aggregated ? AGGREGATED : undefined);
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
  const found =
    version !== 'v3' ? undefined : path.length === 0 ? openApi.index() : openApi.document(path.join('/'));
  if (found === undefined) exchange.sendText(404, '404 page not found\n');
  else exchange.send(200, found);
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
