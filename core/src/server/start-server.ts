import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Api, createApi } from '../api/create-api.ts';
import { builder } from '../contracts/builder.ts';
import { certs } from '../contracts/certs.ts';
import { cluster } from '../contracts/cluster.ts';
import { ingress } from '../contracts/ingress.ts';
import { mesh } from '../contracts/mesh.ts';
import { registry } from '../contracts/registry.ts';
import { secretSync } from '../contracts/secret-sync.ts';
import { storage } from '../contracts/storage.ts';
import { withDeadline } from '../kernel/deadline.ts';
import { EpinioError, hasCode, messageOf } from '../kernel/errors.ts';
import type { Token } from '../kernel/token.ts';
import { clock } from '../ports/clock.ts';
import { commands } from '../ports/commands.ts';
import { dataDirectory } from '../ports/data-directory.ts';
import { informers } from '../ports/informer.ts';
import { kube } from '../ports/kube.ts';
import { listenPorts } from '../ports/listen-ports.ts';
import { log } from '../ports/log.ts';
import { settings } from '../ports/settings.ts';
import { removeUnfinishedImports } from '../sources/git/import-git.ts';
import { sweepSources } from '../sources/sweep.ts';
import { drain, listen } from './http-server.ts';
import { kubeVersionOf } from './kube-version.ts';
import { publicHost, publishServer } from './public-route.ts';
import { applyRegistrySecret } from './registry-secret.ts';
import { routeUrl } from '../routes/urls.ts';

/** Where the server gets its services from: a platform that has been put together. */
export interface ServiceSource {
  open<T>(token: Token<T>): Promise<T>;
}

export interface StartServerOptions {
  readonly version: string;
  /** Origins of web pages that may call the API besides its own. */
  readonly allowedOrigins?: readonly string[];
  /** Makes all of the published waits longer or shorter. Default 1. */
  readonly timeoutMultiplier?: number;
  /** For requests and websockets to end in, when the server stops; default 10 seconds. */
  readonly drainTimeoutMs?: number;
  readonly signal?: AbortSignal;
}

/** A server that is ready. */
export interface EpinioServer {
  /** Where users reach the API. */
  readonly url: string;
  /** On 127.0.0.1. */
  readonly port: number;
  /** Takes no more requests, lets those under way end, and leaves unfinished deployments to the next start. Idempotent. */
  close(): Promise<void>;
}

const PREFERRED_PORT = 8030;
const START_MS = 120_000;
const DRAIN_MS = 10_000;
const FIRST_SWEEP_MS = 60_000;
const SWEEP_MS = 60 * 60_000;
/** The namespace that clients target unless told otherwise. */
const DEFAULT_NAMESPACE = 'workspace';

/**
 * Starts the API server on 127.0.0.1 and makes it reachable at `epinio.<domain>` through the ingress. Returns when requests are
 * answered and unfinished deployments have been taken up.
 */
export async function startServer(
  services: ServiceSource,
  options: StartServerOptions,
): Promise<EpinioServer> {
  const deps = await openServices(services);
  const git = await importFolder(services);
  const api = createApi({ ...deps, ...options, git, kubeVersion: kubeVersionOf(deps.kube) });
  const http = await listen(api, await deps.listenPorts.claim('api', PREFERRED_PORT));
  const { port } = http.address() as AddressInfo;
  const stopped = new AbortController();
  let closing: Promise<void> | undefined;
  const close = (): Promise<void> =>
    (closing ??= stop(api, http, stopped, options.drainTimeoutMs ?? DRAIN_MS));
  try {
    await withDeadline((signal) => prepare(api, deps, port, signal), {
      timeoutMs: START_MS,
      signal: options.signal,
      error: () =>
        new EpinioError('SERVER_START_TIMEOUT', `The API server was not ready within ${START_MS / 1000} s`, {
          status: 500,
        }),
    });
  } catch (error) {
    await close();
    throw error;
  }
  void sweepRegularly(api, stopped.signal);
  api.markReady();
  return { url: routeUrl(publicHost(deps.settings), await deps.ingress.address()), port, close };
}

async function openServices(services: ServiceSource) {
  return {
    clock: await services.open(clock),
    log: await services.open(log),
    settings: await services.open(settings),
    commands: await services.open(commands),
    listenPorts: await services.open(listenPorts),
    cluster: await services.open(cluster),
    kube: await services.open(kube),
    informers: await services.open(informers),
    storage: await services.open(storage),
    registry: await services.open(registry),
    builder: await services.open(builder),
    ingress: await services.open(ingress),
    certs: await services.open(certs),
    secretSync: await services.open(secretSync),
    mesh: await services.open(mesh),
  };
}

/** A folder of our own for git imports, where there is one: then what a killed server has left can be told, and goes. */
async function importFolder(services: ServiceSource): Promise<{ folder?: string }> {
  try {
    const folder = (await services.open(dataDirectory)).path('git-imports');
    await removeUnfinishedImports(folder);
    return { folder };
  } catch (error) {
    if (hasCode(error, 'SERVICE_MISSING') || hasCode(error, 'DATA_DIRECTORY_NONE')) return {};
    throw error;
  }
}

type Services = Awaited<ReturnType<typeof openServices>>;

async function prepare(api: Api, deps: Services, port: number, signal: AbortSignal): Promise<void> {
  const { caches, namespaces, authTokens, deployments } = api.platform;
  const { namespace } = deps.settings;
  await Promise.all([
    caches.synced(signal),
    applyRegistrySecret({ ...deps, namespace }, signal),
    publishServer(deps, port, signal),
  ]);
  await namespaces.repair(signal);
  if (namespaces.names().length === 0) await namespaces.create(DEFAULT_NAMESPACE, signal);
  deployments.start();
  // To make a key takes a while, and only the first token would wait for it.
  authTokens.prepare().catch((error: unknown) => {
    deps.log.warn('The key for tokens could not be made ready', { error: messageOf(error) });
  });
}

async function stop(api: Api, http: Server, stopped: AbortController, drainMs: number): Promise<void> {
  stopped.abort(new EpinioError('SERVER_STOPPING', 'The server is stopping', { status: 503 }));
  const deadline = new AbortController();
  const timer = setTimeout(() => deadline.abort(), drainMs);
  try {
    // Deployments first: requests that wait for one are answered then, instead of holding up the rest.
    await Promise.all([
      api.platform.deployments.stop(),
      api.close(deadline.signal),
      drain(http, deadline.signal),
    ]);
  } finally {
    clearTimeout(timer);
  }
}

async function sweepRegularly({ platform }: Api, signal: AbortSignal): Promise<void> {
  const { deps, caches } = platform;
  for (let pause = FIRST_SWEEP_MS; ; pause = SWEEP_MS) {
    try {
      await deps.clock.sleep(pause, signal);
      await sweepSources({ ...deps, caches }, signal);
    } catch (error) {
      if (signal.aborted) return;
      deps.log.warn('Unused sources could not be removed', { error: messageOf(error) });
    }
  }
}
