import { ServerResponse, type IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { hasCode, isEpinioError, messageOf, type Log } from '@epinio/core';
import type { Authenticator } from '../auth/authenticate.ts';
import { impersonated } from '../auth/impersonate.ts';
import type { ServiceAccountTokens } from '../auth/tokens/service-account-tokens.ts';
import { MASTERS, type User } from '../auth/user.ts';
import type { Registry } from '../registry/registry.ts';
import type { Resource } from '../registry/resource.ts';
import type { Target } from '../registry/writer.ts';
import { Discovery } from './discovery.ts';
import { Exchange, type Upgrade } from './exchange.ts';
import type { NodeAccess } from './node-access.ts';
import { OpenApi } from './openapi.ts';
import { answerOther } from './other-paths.ts';
import { attributesOf } from './request-attributes.ts';
import { routeOf, type Route } from './route.ts';
import { internalError, methodNotAllowed, pathNotFound, StatusError, unauthorized } from '../status.ts';
import { bindPod } from './verbs/binding.ts';
import { createToken } from './verbs/create-token.ts';
import { evictPod } from './eviction/evict-pod.ts';
import { sendPodLogs } from './verbs/pod-logs.ts';
import { forwardPodPorts } from './verbs/pod-port-forward.ts';
import { isStreamed, streamPod } from './verbs/pod-streams.ts';
import { getObject, listObjects } from './verbs/read.ts';
import { answerReview } from './verbs/reviews.ts';
import { handleScale } from './verbs/scale.ts';
import { watchObjects } from './verbs/watch.ts';
import { createObject, deleteCollection, deleteObject, patchObject, updateObject } from './verbs/write.ts';

export interface HandlerOptions {
  readonly registry: Registry;
  readonly authenticator: Authenticator;
  readonly tokens: ServiceAccountTokens;
  readonly log: Log;
  /** What `pods/log` reads from, once there is a node. */
  readonly node: () => NodeAccess | undefined;
  /** True once the server may be called ready. */
  readonly isReady: () => boolean;
}

/** An answer that goes on until somebody ends it. */
interface Ending {
  end(): void;
}

/** Answers every request: who is it, where does it lead, may they, do it. */
export class Handler {
  readonly #options: HandlerOptions;
  readonly #discovery: Discovery;
  readonly #openApi: OpenApi;
  readonly #streams = new Set<Ending>();

  constructor(options: HandlerOptions) {
    this.#options = options;
    this.#discovery = new Discovery(options.registry.catalog);
    this.#openApi = new OpenApi(options.registry.catalog, options.registry.store);
  }

  /** Never throws: what goes wrong is answered. */
  readonly handle = (incoming: IncomingMessage, response: ServerResponse, upgrade?: Upgrade): void => {
    const exchange = new Exchange(incoming, response, upgrade);
    this.#answer(exchange).catch((error: unknown) => {
      exchange.refuse(error instanceof StatusError ? error : this.#failure(exchange, error));
    });
  };

  /** The same for a request that asks for another protocol; where there is none to be had, plain HTTP answers. */
  readonly handleUpgrade = (incoming: IncomingMessage, socket: Duplex, head: Buffer): void => {
    const response = new ServerResponse(incoming);
    response.shouldKeepAlive = false;
    response.assignSocket(incoming.socket);
    response.on('finish', () => socket.end());
    socket.on('error', () => socket.destroy()); // a client that is gone has nobody to tell
    this.handle(incoming, response, { socket, head });
  };

  /** Ends all watches and streams in order. */
  endStreams(): void {
    for (const stream of this.#streams) stream.end();
  }

  async #answer(exchange: Exchange): Promise<void> {
    const { registry } = this.#options;
    if (exchange.accept.includes('yaml')) await exchange.loadYaml();
    const found = this.#options.authenticator.authenticate(exchange.incoming);
    this.#admit(exchange, found instanceof Promise ? await found : found);
    const route = routeOf(registry.catalog, exchange.path);
    if (route.kind === 'other') {
      const { isReady } = this.#options;
      const { key } = this.#options.tokens;
      const [discovery, openApi] = [this.#discovery, this.#openApi];
      answerOther(exchange, route.segments, { discovery, openApi, isReady, signingKey: key });
      return;
    }
    if (route.kind === 'nothing') {
      if (route.known) throw pathNotFound();
      exchange.sendText(404, '404 page not found\n');
      return;
    }
    if (route.kind === 'proxy') {
      await this.#proxy(exchange, route);
      return;
    }
    const verb = verbOf(exchange, route);
    const allowed = route.kind === 'subresource' ? route.subresource.verbs : route.resource.verbs;
    if (verb === undefined || !allowed.includes(verb)) throw methodNotAllowed();
    // A websocket begins with GET: whoever may only read must not run commands with it.
    if (isStreamed(route) && verb === 'get')
      registry.authorizer.require(exchange.user, { ...attributesOf(exchange), verb: 'create' });
    if (!isText(route)) exchange.negotiate(verb);
    const { custom, rules } = route.resource;
    const deprecation = custom?.deprecationWarning ?? rules.deprecation;
    if (deprecation !== undefined) exchange.warn(deprecation);
    if (route.kind === 'subresource') await this.#subresource(exchange, route);
    else if (verb === 'create') await this.#create(exchange, route.resource, route.namespace);
    else await this.#verb(exchange, verb, route);
  }

  /** Who asks, or whom they speak for, must be allowed to ask for this. Fails with 401 or 403. */
  #admit(exchange: Exchange, user: User | undefined): void {
    if (user === undefined) throw unauthorized();
    const { authorizer } = this.#options.registry;
    exchange.user = impersonated(exchange.incoming, user, authorizer);
    if (!exchange.user.groups.includes(MASTERS)) authorizer.require(exchange.user, attributesOf(exchange));
  }

  async #create(exchange: Exchange, resource: Resource, namespace: string | undefined): Promise<void> {
    const { registry, authenticator } = this.#options;
    if (!resource.verbs.includes('get'))
      return answerReview(exchange, resource, namespace, { authorizer: registry.authorizer, authenticator });
    if (resource.namespaced && namespace === undefined) throw methodNotAllowed();
    return createObject(registry, exchange, resource, namespace);
  }

  async #verb(
    exchange: Exchange,
    verb: Verb,
    route: Exclude<Route, { kind: 'other' | 'nothing' | 'subresource' | 'proxy' }>,
  ): Promise<void> {
    const { registry } = this.#options;
    const { resource, namespace } = route;
    const name = route.kind === 'object' ? route.name : '';
    const target: Target = { resource, namespace, name };
    switch (verb) {
      case 'get': {
        getObject(registry, exchange, resource, namespace, name);
        return;
      }
      case 'list': {
        listObjects(registry, exchange, resource, namespace);
        return;
      }
      case 'watch': {
        this.#follow(
          exchange,
          watchObjects(registry, exchange, resource, namespace, route.kind === 'object' ? name : undefined),
        );
        return;
      }
      case 'update':
        return updateObject(registry, exchange, target);
      case 'patch':
        return patchObject(registry, exchange, target);
      case 'delete':
        return deleteObject(registry, exchange, resource, namespace, name);
      case 'deletecollection':
        return deleteCollection(registry, exchange, resource, namespace);
      case 'create':
        return this.#create(exchange, resource, namespace);
    }
  }

  async #proxy(
    exchange: Exchange,
    { resource, namespace, name, path }: Extract<Route, { kind: 'proxy' }>,
  ): Promise<void> {
    if (!PROXIED.has(exchange.method)) throw methodNotAllowed();
    const { registry, node } = this.#options;
    const { locatePod, locateService } = await import('./proxy/locate.ts');
    const { passRequest } = await import('./proxy/pass-request.ts');
    const locate = resource.plural === 'pods' ? locatePod : locateService;
    const location = locate({ registry, resource, namespace: namespace ?? '', id: name, node: node() });
    await passRequest(exchange, location, path, (ending) => this.#follow(exchange, ending));
  }

  async #subresource(
    exchange: Exchange,
    { resource, namespace, name, subresource }: Extract<Route, { kind: 'subresource' }>,
  ): Promise<void> {
    const { registry, node, log, tokens } = this.#options;
    const target: Target = { resource, namespace, name, subresource: subresource.name };
    switch (subresource.name) {
      case 'log':
        return sendPodLogs(registry, exchange, resource, namespace ?? '', name, node());
      case 'attach':
      case 'exec':
      case 'portforward': {
        const stream = subresource.name === 'portforward' ? forwardPodPorts : streamPod;
        return stream(exchange, {
          ...{ registry, log, pods: resource, namespace: namespace ?? '', name, node: node() },
          ...{ subresource: subresource.name, follow: (ending: Ending) => this.#follow(exchange, ending) },
        });
      }
      case 'scale':
        return handleScale(registry, exchange, target);
      case 'eviction':
        return evictPod(registry, exchange, target);
      case 'binding':
        return bindPod(registry, exchange, target);
      case 'token':
        return createToken(tokens, exchange, target);
      default:
        if (exchange.method === 'GET') {
          getObject(registry, exchange, resource, namespace, name);
          return;
        }
        return exchange.method === 'PATCH'
          ? patchObject(registry, exchange, target)
          : updateObject(registry, exchange, target);
    }
  }

  #follow({ response, upgrade }: Exchange, stream: Ending): void {
    this.#streams.add(stream);
    (upgrade?.socket ?? response).once('close', () => this.#streams.delete(stream));
  }

  #failure(exchange: Exchange, error: unknown): StatusError {
    // Which is for whoever runs the cluster to mend, and told in the log where the write failed.
    if (hasCode(error, 'CLUSTER_DATABASE_WRITE'))
      return internalError(`${messageOf(error)}. ${fixOf(error)}`);
    this.#options.log.error('a request failed', {
      method: exchange.method,
      path: exchange.path,
      error: messageOf(error),
      stack: error instanceof Error ? error.stack : undefined,
    });
    return internalError(messageOf(error));
  }
}

function fixOf(error: unknown): string {
  return isEpinioError(error) ? (error.fix ?? '') : '';
}

type Verb = 'get' | 'list' | 'watch' | 'create' | 'update' | 'patch' | 'delete' | 'deletecollection';

const PROXIED = new Set(['GET', 'POST', 'PUT', 'DELETE', 'HEAD', 'OPTIONS', 'PATCH']);

function verbOf(exchange: Exchange, route: Exclude<Route, { kind: 'proxy' }>): Verb | undefined {
  const collection = route.kind === 'collection';
  switch (exchange.method) {
    case 'GET':
      if (route.kind !== 'subresource' && exchange.flag('watch')) return 'watch';
      return collection ? 'list' : 'get';
    case 'POST':
      return collection || route.kind === 'subresource' ? 'create' : undefined;
    case 'PUT':
      return collection ? undefined : 'update';
    case 'PATCH':
      return collection ? undefined : 'patch';
    case 'DELETE':
      if (!collection) return 'delete';
      return route.resource.namespaced && route.namespace === undefined ? undefined : 'deletecollection';
    default:
      return undefined;
  }
}

/** Logs and streams are no objects: what they are does not depend on what the client accepts. */
function isText(route: Route): boolean {
  return isStreamed(route) || (route.kind === 'subresource' && route.subresource.name === 'log');
}
