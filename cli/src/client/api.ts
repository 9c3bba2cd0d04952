import { randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import { EpinioError } from '@epinio/core';
import { HttpClient, type Connection, type HttpResponse } from './http.ts';
import type {
  App,
  AppCreateRequest,
  AppUpdateRequest,
  DeploymentRequest,
  DeploymentStatus,
  EnvVariable,
  GroupedEnvironment,
  Info,
  Namespace,
} from './models.ts';

const ANSWER_TIMEOUT_MS = 60_000;

interface ErrorEnvelope {
  readonly errors?: readonly {
    readonly status?: number;
    readonly title?: string;
    readonly details?: string;
  }[];
}

/** The published API, one method a route that the command uses. Errors carry the server's own words. */
export class Api {
  readonly #http: HttpClient;
  readonly #signal: AbortSignal;
  readonly #timeoutMs: number;

  constructor(connection: Connection, signal: AbortSignal, timeoutMultiplier: number) {
    this.#http = new HttpClient(connection);
    this.#signal = signal;
    this.#timeoutMs = ANSWER_TIMEOUT_MS * timeoutMultiplier;
  }

  info = (): Promise<Info> => this.#json('GET', '/info');
  me = (): Promise<{ readonly user: string }> => this.#json('GET', '/me');
  authToken = async (): Promise<string> => (await this.#json<{ token: string }>('GET', '/authtoken')).token;

  namespaces = (): Promise<Namespace[]> => this.#json('GET', '/namespaces');
  namespace = (name: string): Promise<Namespace> => this.#json('GET', `/namespaces/${segment(name)}`);
  createNamespace = (name: string): Promise<unknown> => this.#json('POST', '/namespaces', { name });
  namespaceNames = (): Promise<{ readonly names?: readonly string[] }> =>
    this.#json('GET', '/namespacematches');
  /** Waits until they are gone. */
  deleteNamespaces = (names: readonly string[]): Promise<unknown> =>
    this.#json('DELETE', `/namespaces?${list('namespaces', names)}`, undefined, 5 * ANSWER_TIMEOUT_MS);

  allApps = (): Promise<App[]> => this.#json('GET', '/applications');
  apps = (namespace: string): Promise<App[]> => this.#json('GET', `${inNamespace(namespace)}/applications`);
  app = (namespace: string, name: string): Promise<App> => this.#json('GET', appPath(namespace, name));
  appNames = (namespace: string): Promise<{ readonly names?: readonly string[] }> =>
    this.#json('GET', `${inNamespace(namespace)}/appsmatches`);
  createApp = (namespace: string, request: AppCreateRequest): Promise<unknown> =>
    this.#json('POST', `${inNamespace(namespace)}/applications`, request);
  updateApp = (namespace: string, name: string, request: AppUpdateRequest): Promise<unknown> =>
    this.#json('PATCH', appPath(namespace, name), request, 5 * ANSWER_TIMEOUT_MS);
  restartApp = (namespace: string, name: string): Promise<unknown> =>
    this.#json('POST', `${appPath(namespace, name)}/restart`, undefined, 5 * ANSWER_TIMEOUT_MS);
  deleteApps = (
    namespace: string,
    names: readonly string[],
    deleteImage: boolean,
  ): Promise<{
    readonly unboundconfigurations: readonly string[] | null;
    readonly warnings?: readonly string[];
  }> =>
    this.#json(
      'DELETE',
      `${inNamespace(namespace)}/applications?${list('applications', names)}`,
      { deleteImage },
      5 * ANSWER_TIMEOUT_MS,
    );
  validateSettings = (namespace: string, name: string): Promise<unknown> =>
    this.#json('GET', `${appPath(namespace, name)}/validate-cv`);

  environment = (namespace: string, app: string): Promise<GroupedEnvironment> =>
    this.#json('GET', `${appPath(namespace, app)}/environment?grouped=true`);
  variable = (namespace: string, app: string, name: string): Promise<EnvVariable> =>
    this.#json('GET', `${appPath(namespace, app)}/environment/${segment(name)}`);
  setEnvironment = (
    namespace: string,
    app: string,
    values: Readonly<Record<string, string>>,
  ): Promise<unknown> =>
    this.#json('POST', `${appPath(namespace, app)}/environment`, values, 5 * ANSWER_TIMEOUT_MS);
  unsetVariable = (namespace: string, app: string, name: string): Promise<unknown> =>
    this.#json(
      'DELETE',
      `${appPath(namespace, app)}/environment/${segment(name)}`,
      undefined,
      5 * ANSWER_TIMEOUT_MS,
    );

  deploy = (namespace: string, app: string, request: DeploymentRequest): Promise<DeploymentStatus> =>
    this.#json('POST', `${appPath(namespace, app)}/deployments`, request);
  deployment = (namespace: string, app: string, id: string): Promise<DeploymentStatus> =>
    this.#json('GET', `${appPath(namespace, app)}/deployments/${segment(id)}`);

  /** The server clones; large repositories take their time. */
  async importGit(
    namespace: string,
    app: string,
    git: { readonly url: string; readonly revision: string; readonly gitconfig: string },
  ): Promise<{ readonly blobuid: string; readonly branch?: string; readonly revision?: string }> {
    const form = new URLSearchParams({ giturl: git.url, gitrev: git.revision, gitconfig: git.gitconfig });
    const response = await this.#http.send({
      method: 'POST',
      path: `/api/v1${appPath(namespace, app)}/import-git`,
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: form.toString(),
      idleTimeoutMs: 10 * this.#timeoutMs,
      signal: this.#signal,
    });
    return decode(response);
  }

  /** Sends an archive of the sources as it is made: memory does not grow with its size. */
  async upload(namespace: string, app: string, archive: Readable): Promise<{ readonly blobuid: string }> {
    const boundary = `epinio-${randomUUID()}`;
    const response = await this.#http.send({
      method: 'POST',
      path: `/api/v1${appPath(namespace, app)}/store`,
      headers: { 'content-type': `multipart/form-data; boundary=${boundary}` },
      body: Readable.from(multipart(archive, boundary), { objectMode: false, highWaterMark: 256 * 1024 }),
      idleTimeoutMs: 10 * this.#timeoutMs,
      signal: this.#signal,
    });
    return decode(response);
  }

  async #json<T>(
    method: string,
    path: string,
    body?: unknown,
    idleTimeoutMs = ANSWER_TIMEOUT_MS,
  ): Promise<T> {
    const response = await this.#http.send({
      method,
      path: `/api/v1${path}`,
      ...(body === undefined
        ? {}
        : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
      idleTimeoutMs: idleTimeoutMs * (this.#timeoutMs / ANSWER_TIMEOUT_MS),
      signal: this.#signal,
    });
    return decode(response);
  }

  close(): void {
    this.#http.close();
  }
}

function decode<T>(response: HttpResponse): T {
  if (response.status < 400) return JSON.parse(response.text) as T;
  const error = firstError(response.text);
  const title = error?.title ?? `The server answered ${String(response.status)}`;
  throw new EpinioError(`API_${String(response.status)}`, title, {
    status: response.status,
    details: (error?.details ?? '').split('\n').filter((line) => line !== ''),
    ...(response.status === 401 ? { fix: 'epinio login URL' } : {}),
  });
}

function firstError(text: string): { readonly title?: string; readonly details?: string } | undefined {
  try {
    return (JSON.parse(text) as ErrorEnvelope).errors?.[0];
  } catch {
    return undefined; // not the server's envelope (a proxy's page): the status alone is told
  }
}

async function* multipart(archive: Readable, boundary: string): AsyncGenerator<Buffer> {
  yield Buffer.from(
    `--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="blob.tar"\r\n` +
      'Content-Type: application/octet-stream\r\n\r\n',
  );
  yield* archive as AsyncIterable<Buffer>;
  yield Buffer.from(`\r\n--${boundary}--\r\n`);
}

function segment(text: string): string {
  return encodeURIComponent(text);
}

function inNamespace(namespace: string): string {
  return `/namespaces/${segment(namespace)}`;
}

function appPath(namespace: string, name: string): string {
  return `${inNamespace(namespace)}/applications/${segment(name)}`;
}

function list(key: string, names: readonly string[]): string {
  return names.map((name) => `${key}[]=${segment(name)}`).join('&');
}
