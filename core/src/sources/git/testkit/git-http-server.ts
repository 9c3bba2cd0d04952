import { execFile, spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Commits of the sample repository, by what they are for. */
export interface SampleCommits {
  readonly first: string;
  readonly tagged: string;
  readonly main: string;
  readonly feature: string;
}

/**
 * A git server over HTTP, with the repositories `sample.git` (branches `main` and `feature`, tag `v1`) and `empty.git`, below
 * paths that behave in different ways: `/private/` wants a password, `/moved/` redirects, `/slow/` never answers.
 */
export class GitHttpServer implements AsyncDisposable {
  readonly folder: string;
  readonly commits: SampleCommits;
  readonly #server: Server;

  private constructor(folder: string, commits: SampleCommits, server: Server) {
    this.folder = folder;
    this.commits = commits;
    this.#server = server;
  }

  static async open(): Promise<GitHttpServer> {
    const folder = await mkdtemp(join(tmpdir(), 'epinio-git-server-'));
    const commits = await sampleRepository(folder);
    const server = createServer((request, response) => answer(folder, request, response));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new GitHttpServer(folder, commits, server);
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  url(path: string, credentials = ''): string {
    return `http://${credentials}127.0.0.1:${this.port}/${path}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => void this.#server.close(() => resolve()));
    await rm(this.folder, { recursive: true, force: true });
  }
}

async function sampleRepository(folder: string): Promise<SampleCommits> {
  const work = join(folder, 'work');
  const environment = {
    PATH: process.env['PATH'] ?? '',
    HOME: folder,
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_AUTHOR_NAME: 'a',
    GIT_AUTHOR_EMAIL: 'a@test',
    GIT_COMMITTER_NAME: 'a',
    GIT_COMMITTER_EMAIL: 'a@test',
  };
  const git = async (...args: string[]): Promise<string> => {
    const { stdout } = await run('git', args, { cwd: folder, env: environment });
    return stdout.trim();
  };
  const commit = async (file: string, content: string): Promise<string> => {
    await writeFile(join(work, file), content);
    await git('-C', work, 'add', '-A');
    await git('-C', work, 'commit', '--quiet', '-m', file);
    return git('-C', work, 'rev-parse', 'HEAD');
  };
  await git('init', '--quiet', '-b', 'main', work);
  const first = await commit('app.js', 'first');
  const tagged = await commit('app.js', 'tagged');
  await git('-C', work, 'tag', '-a', 'v1', '-m', 'v1');
  const main = await commit('app.js', 'main');
  await git('-C', work, 'checkout', '--quiet', '-b', 'feature/x', first);
  const feature = await commit('feature.js', 'feature');
  await git('-C', work, 'checkout', '--quiet', 'main');
  await git('clone', '--quiet', '--bare', work, join(folder, 'sample.git'));
  await git('init', '--quiet', '--bare', '-b', 'main', join(folder, 'empty.git'));
  return { first, tagged, main, feature };
}

function answer(folder: string, request: IncomingMessage, response: ServerResponse): void {
  const url = new URL(request.url ?? '/', 'http://127.0.0.1');
  if (url.pathname.startsWith('/slow/')) return;
  if (url.pathname.startsWith('/moved/')) {
    const target = url.pathname.replace('/moved/', '/').replace('/away/', '//169.254.169.254/');
    response
      .writeHead(301, { location: `${target.startsWith('//') ? 'http:' : ''}${target}${url.search}` })
      .end();
    return;
  }
  const isPrivate = url.pathname.startsWith('/private/');
  const wanted = `Basic ${Buffer.from('me:secret').toString('base64')}`;
  if (isPrivate && request.headers.authorization !== wanted) {
    response.writeHead(401, { 'www-authenticate': 'Basic realm="git"' }).end();
    return;
  }
  backend(folder, url.pathname.replace('/private/', '/'), url.search.slice(1), request, response);
}

/** Git's own CGI program behind a request. */
function backend(
  folder: string,
  path: string,
  query: string,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  const cgi = spawn('git', ['http-backend'], {
    env: {
      PATH: process.env['PATH'] ?? '',
      GIT_PROJECT_ROOT: folder,
      GIT_HTTP_EXPORT_ALL: '1',
      GIT_PROTOCOL: String(request.headers['git-protocol'] ?? ''),
      PATH_INFO: path,
      QUERY_STRING: query,
      REQUEST_METHOD: request.method ?? 'GET',
      CONTENT_TYPE: request.headers['content-type'] ?? '',
      HTTP_CONTENT_ENCODING: request.headers['content-encoding'] ?? '',
    },
  });
  request.pipe(cgi.stdin);
  cgi.stdin.on('error', () => undefined); // a refused request is not read to its end
  let head = Buffer.alloc(0);
  let isBody = false;
  cgi.stdout.on('data', (chunk: Buffer) => {
    if (isBody) {
      response.write(chunk);
      return;
    }
    head = Buffer.concat([head, chunk]);
    const end = head.indexOf('\r\n\r\n');
    if (end < 0) return;
    isBody = true;
    let status = 200;
    for (const line of head.subarray(0, end).toString('latin1').split('\r\n')) {
      const [name = '', value = ''] = line.split(/: (.*)/s);
      if (name.toLowerCase() === 'status') status = Number(value.split(' ')[0]);
      else response.setHeader(name, value);
    }
    response.writeHead(status);
    response.write(head.subarray(end + 4));
  });
  cgi.stdout.on('end', () => response.end());
}
