import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pipeline } from 'node:stream/promises';
import { json as readJson } from 'node:stream/consumers';
import type { KubeObject } from '../kernel/component.ts';
import { isEpinioError, messageOf } from '../kernel/errors.ts';
import type { CustomResourceDefinition } from '../kube/kinds.ts';
import type { CollectionRef, DeleteOptions, Kube, ListOptions, ObjectRef, PatchBody } from '../ports/kube.ts';
import { without } from './fake-json.ts';

/** Kinds that are served before any CustomResourceDefinition, by plural name. */
const BUILT_IN: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  v1: {
    configmaps: 'ConfigMap',
    endpoints: 'Endpoints',
    events: 'Event',
    namespaces: 'Namespace',
    nodes: 'Node',
    persistentvolumeclaims: 'PersistentVolumeClaim',
    pods: 'Pod',
    secrets: 'Secret',
    serviceaccounts: 'ServiceAccount',
    services: 'Service',
  },
  'apiextensions.k8s.io/v1': { customresourcedefinitions: 'CustomResourceDefinition' },
  'apps/v1': {
    daemonsets: 'DaemonSet',
    deployments: 'Deployment',
    replicasets: 'ReplicaSet',
    statefulsets: 'StatefulSet',
  },
  'batch/v1': { cronjobs: 'CronJob', jobs: 'Job' },
  'discovery.k8s.io/v1': { endpointslices: 'EndpointSlice' },
  'networking.k8s.io/v1': { ingressclasses: 'IngressClass', ingresses: 'Ingress' },
};
const CLUSTER_SCOPED = new Set(['CustomResourceDefinition', 'IngressClass', 'Namespace', 'Node']);

const STATUS: Readonly<Record<string, readonly [code: number, reason: string]>> = {
  KUBE_ALREADY_EXISTS: [409, 'AlreadyExists'],
  KUBE_CONFLICT: [409, 'Conflict'],
  KUBE_FORBIDDEN: [403, 'Forbidden'],
  KUBE_GONE: [410, 'Expired'],
  KUBE_INVALID: [422, 'Invalid'],
  KUBE_NOT_FOUND: [404, 'NotFound'],
};

const PATCHES: Readonly<Record<string, PatchBody['type']>> = {
  'application/json-patch+json': 'json',
  'application/merge-patch+json': 'merge',
  'application/strategic-merge-patch+json': 'strategic',
};

const PATH =
  /^\/(?:api\/(?<core>v1)|apis\/(?<group>[^/]+\/[^/]+))(?:\/namespaces\/(?<namespace>[^/]+)(?=\/))?(?:\/(?<plural>[^/]+)(?:\/(?<name>[^/]+)(?:\/(?<sub>[^/]+))?)?)?$/;

export interface FakeApiServer extends AsyncDisposable {
  /** JSON text that connects to it. */
  readonly kubeconfig: string;
  /** Closes every connection, as a server that crashes; it goes on listening. */
  cutConnections(): void;
}

/**
 * Serves a `Kube`, as a rule a `FakeKube`, over HTTP as API servers do: so that real clients can be run
 * against it. It knows the kinds that the platform uses, and those of CustomResourceDefinitions.
 */
export async function serveKube(kube: Kube): Promise<FakeApiServer> {
  const server = createServer((request, response) => {
    answer(kube, request, response).catch((error: unknown) => {
      if (response.headersSent) response.destroy();
      else sendFailure(response, error);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    kubeconfig: JSON.stringify({
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [{ name: 'fake', cluster: { server: address } }],
      users: [{ name: 'fake', user: {} }],
      contexts: [{ name: 'fake', context: { cluster: 'fake', user: 'fake' } }],
      'current-context': 'fake',
    }),
    cutConnections: () => server.closeAllConnections(),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function answer(kube: Kube, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { pathname, searchParams: query } = new URL(request.url ?? '', 'http://fake');
  const parts = PATH.exec(decodeURIComponent(pathname))?.groups ?? {};
  const apiVersion = parts['core'] ?? parts['group'];
  const kinds = apiVersion === undefined ? {} : await kindsOf(kube, apiVersion);
  const { namespace, plural, name, sub } = parts;
  if (apiVersion === undefined || Object.keys(kinds).length === 0)
    sendStatus(response, 404, 'NotFound', 'the server could not find the requested resource');
  else if (plural === undefined)
    send(response, 200, {
      kind: 'APIResourceList',
      groupVersion: apiVersion,
      resources: Object.values(kinds),
    });
  else if (kinds[plural] === undefined)
    sendStatus(response, 404, 'NotFound', 'the server could not find the requested resource');
  else {
    const ref = { apiVersion, kind: kinds[plural].kind, ...(namespace === undefined ? {} : { namespace }) };
    if (name !== undefined) await answerObject(kube, { ...ref, name }, sub, query, request, response);
    else if (request.method === 'POST')
      send(response, 201, await kube.create((await readJson(request)) as KubeObject));
    else if (query.get('watch') === 'true') await answerWatch(kube, ref, query, response);
    else await answerList(kube, ref, query, response);
  }
}

interface ServedKind {
  readonly name: string;
  readonly kind: string;
  readonly namespaced: boolean;
}

async function kindsOf(kube: Kube, apiVersion: string): Promise<Readonly<Record<string, ServedKind>>> {
  const kinds: Record<string, ServedKind> = {};
  for (const [name, kind] of Object.entries(BUILT_IN[apiVersion] ?? {})) {
    kinds[name] = { name, kind, namespaced: !CLUSTER_SCOPED.has(kind) };
  }
  const definitions = { apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition' };
  for (const { spec } of (await kube.list<CustomResourceDefinition>(definitions)).items) {
    const { plural: name, kind } = spec.names;
    const isServed = spec.versions.some(
      (version) => version.served && `${spec.group}/${version.name}` === apiVersion,
    );
    if (isServed) kinds[name] = { name, kind, namespaced: spec.scope === 'Namespaced' };
  }
  return kinds;
}

async function answerObject(
  kube: Kube,
  ref: ObjectRef,
  subresource: string | undefined,
  query: URLSearchParams,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  if (subresource === 'log') {
    await answerLogs(kube, ref, query, response);
  } else if (request.method === 'GET') {
    const found = await kube.get(ref);
    if (found === undefined) sendStatus(response, 404, 'NotFound', `"${ref.name}" not found`);
    else send(response, 200, found);
  } else if (request.method === 'DELETE') {
    const {
      propagationPolicy,
      preconditions = {},
      gracePeriodSeconds,
    } = (await readJson(request)) as {
      readonly propagationPolicy?: NonNullable<DeleteOptions['propagation']>;
      readonly preconditions?: Pick<DeleteOptions, 'uid' | 'resourceVersion'>;
      readonly gracePeriodSeconds?: number;
    };
    const propagation = propagationPolicy === undefined ? {} : { propagation: propagationPolicy };
    const grace = gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds };
    if (await kube.delete(ref, { ...propagation, ...grace, ...preconditions }))
      send(response, 200, { kind: 'Status', status: 'Success' });
    else sendStatus(response, 404, 'NotFound', `"${ref.name}" not found`);
  } else {
    const body = (await readJson(request)) as KubeObject;
    const fieldManager = query.get('fieldManager') ?? 'unknown';
    const type = PATCHES[request.headers['content-type'] ?? ''];
    const options = { fieldManager, ...(subresource === undefined ? {} : { subresource }) };
    const changed =
      type === undefined
        ? await kube.apply(body, {
            fieldManager,
            force: query.get('force') === 'true',
            dryRun: query.get('dryRun') === 'All',
          })
        : await kube.patch(ref, { type, patch: body } as unknown as PatchBody, options);
    send(response, 200, changed);
  }
}

async function answerLogs(
  kube: Kube,
  ref: ObjectRef,
  query: URLSearchParams,
  response: ServerResponse,
): Promise<void> {
  const stop = new AbortController();
  response.once('close', () => stop.abort());
  const container = query.get('container');
  const tailLines = query.get('tailLines');
  const log = await kube.logs(
    { namespace: ref.namespace ?? '', name: ref.name },
    {
      ...(container === null ? {} : { container }),
      ...(tailLines === null ? {} : { tailLines: Number(tailLines) }),
      follow: query.get('follow') === 'true',
      timestamps: query.get('timestamps') === 'true',
      signal: stop.signal,
    },
  );
  response.writeHead(200);
  response.flushHeaders();
  await pipeline(log, response);
}

function selectors(query: URLSearchParams): ListOptions {
  const labelSelector = query.get('labelSelector');
  const fieldSelector = query.get('fieldSelector');
  return {
    ...(labelSelector === null ? {} : { labelSelector }),
    ...(fieldSelector === null ? {} : { fieldSelector }),
  };
}

/** In chunks when it is asked to; items without their kind, as servers send them. */
async function answerList(
  kube: Kube,
  ref: CollectionRef,
  query: URLSearchParams,
  response: ServerResponse,
): Promise<void> {
  const { items, resourceVersion } = await kube.list(ref, selectors(query));
  const start = Number(query.get('continue') ?? 0);
  const end = start + Number(query.get('limit') ?? Infinity);
  const next = end < items.length ? { continue: String(end) } : {};
  const bare = items.slice(start, end).map((item) => without(item, 'apiVersion', 'kind'));
  send(response, 200, {
    apiVersion: ref.apiVersion,
    kind: `${ref.kind}List`,
    metadata: { resourceVersion, ...next },
    items: bare,
  });
}

async function answerWatch(
  kube: Kube,
  ref: CollectionRef,
  query: URLSearchParams,
  response: ServerResponse,
): Promise<void> {
  const stop = new AbortController();
  const timer = setTimeout(() => stop.abort(), Number(query.get('timeoutSeconds') ?? 300) * 1000);
  response.once('close', () => stop.abort());
  const resourceVersion = query.get('resourceVersion');
  const from = resourceVersion === null ? {} : { resourceVersion };
  response.writeHead(200, { 'content-type': 'application/json' });
  response.flushHeaders();
  try {
    for await (const event of kube.watch(ref, { ...selectors(query), ...from, signal: stop.signal })) {
      response.write(`${JSON.stringify(event)}\n`);
    }
  } catch (error) {
    response.write(`${JSON.stringify({ type: 'ERROR', object: statusOf(error) })}\n`);
  } finally {
    clearTimeout(timer);
  }
  response.end();
}

function statusOf(error: unknown): {
  readonly code: number;
  readonly reason: string;
  readonly message: string;
} {
  const [code, reason] = (isEpinioError(error) ? STATUS[error.code] : undefined) ?? [500, 'InternalError'];
  return { code, reason, message: messageOf(error) };
}

function send(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}

function sendStatus(response: ServerResponse, code: number, reason: string, message: string): void {
  send(response, code, { kind: 'Status', apiVersion: 'v1', status: 'Failure', code, reason, message });
}

function sendFailure(response: ServerResponse, error: unknown): void {
  const { code, reason, message } = statusOf(error);
  sendStatus(response, code, reason, message);
}
