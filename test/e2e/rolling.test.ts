import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { program, webApp } from '../support/apps.ts';
import { get, keepAlive } from '../support/https.ts';
import { User } from '../support/user.ts';

const CLIENTS = 8;
const REQUESTS_PER_SECOND = 200;
const DEPLOYS = 10;

describe('rolling updates', { timeout: 10 * 60_000 }, () => {
  const user = new User();
  before(() => user.install());
  after(() => user[Symbol.asyncDispose]());

  it(`lose no request of ${CLIENTS} kept-alive clients through ${DEPLOYS} deploys, one of which fails`, async () => {
    const ca = await user.ca();
    const deploy = async (
      version: number,
    ): Promise<{ code: number | null; stderr: string; stdout: string }> => {
      const files = version === 5 ? program('process.exit(1)') : webApp(`version ${version}`);
      return user.run([
        'push',
        '--name',
        'rolling',
        '--path',
        await user.files(`v${version}`, files),
        '--output',
        'json',
      ]);
    };
    const [url = ''] = (JSON.parse((await deploy(0)).stdout) as { urls: string[] }).urls;
    const load = new Load(url, ca);
    for (let version = 1; version <= DEPLOYS; version += 1) {
      const { code, stderr } = await deploy(version);
      assert.equal(code, version === 5 ? 1 : 0, stderr);
    }
    const { requests, errors, versions } = await load.end();
    assert.deepEqual(errors, []);
    assert.ok(requests > 1_000, `only ${requests} requests were made`);
    assert.ok(
      versions.has(`version ${DEPLOYS}`),
      `the last version was never seen, but ${[...versions].join(', ')}`,
    );
  });
});

/** Clients that send requests at a steady rate, each over one kept-alive connection. */
class Load {
  readonly #errors: string[] = [];
  readonly #versions = new Set<string>();
  readonly #stop = new AbortController();
  readonly #clients: Promise<void>[];
  #requests = 0;

  constructor(url: string, ca: string) {
    this.#clients = Array.from({ length: CLIENTS }, () => this.#client(url, ca));
  }

  async end(): Promise<{ requests: number; errors: string[]; versions: ReadonlySet<string> }> {
    this.#stop.abort();
    await Promise.all(this.#clients);
    return { requests: this.#requests, errors: this.#errors, versions: this.#versions };
  }

  async #client(url: string, ca: string): Promise<void> {
    const agent = keepAlive(ca);
    const everyMs = (1000 * CLIENTS) / REQUESTS_PER_SECOND;
    while (!this.#stop.signal.aborted) {
      const next = Date.now() + everyMs;
      this.#requests += 1;
      try {
        const { status, body } = await get(url, ca, { agent });
        if (status !== 200) this.#errors.push(`${status} ${body.slice(0, 200)}`);
        else this.#versions.add(body.replace(/ [-0-9a-f]+$/, ''));
      } catch (error) {
        this.#errors.push(String(error));
      }
      await new Promise((resolve) => setTimeout(resolve, Math.max(0, next - Date.now())));
    }
    agent.destroy();
  }
}
