import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { describe, it } from 'node:test';
import * as tar from 'tar-stream';
import type { Builder, LogLine, StagingRequest, StagingStatus } from '../../contracts/builder.ts';
import type { Registry } from '../../contracts/registry.ts';
import type { Storage } from '../../contracts/storage.ts';
import { createOciClient } from '../../oci/client.ts';

/** A builder that is open for one test, with a cluster that runs its work, a store and a registry. */
export interface OpenBuilder extends AsyncDisposable {
  readonly builder: Builder;
  /** The same builder as another process of the platform has it. */
  readonly other: Builder;
  readonly storage: Storage;
  readonly registry: Registry;
}

type Files = Readonly<Record<string, string>>;

/** Sources that any builder for Node.js can build without a network. */
const manifest = (build: string): string =>
  JSON.stringify({ name: 'sample', version: '1.0.0', scripts: { start: 'node server.js', build } });
const SOURCES = {
  good: {
    'package.json': manifest('node build.js'),
    'build.js': 'console.log("built for " + process.env.FOR_WHOM)',
    'server.js': '',
  },
  failing: {
    'package.json': manifest('node build.js'),
    'build.js': 'console.log("about to break"); process.exit(3)',
    'server.js': '',
  },
  hanging: {
    'package.json': manifest('node build.js'),
    'build.js': 'console.log("hangs"); setInterval(() => {}, 1000)',
    'server.js': '',
  },
  nothing: { 'notes.txt': 'no application' },
} as const;

const DEADLINE_MS = 120_000;
const deadline = (): AbortSignal => AbortSignal.timeout(DEADLINE_MS);

/** Holds an implementation of the `builder` contract to it. Builds run for real: a test takes some seconds. */
export function testBuilder(name: string, open: () => Promise<OpenBuilder>): void {
  describe(`builder contract: ${name}`, () => {
    it('makes an image of sources, gives the build its environment, and tells all of it', async () => {
      await using opened = await open();
      const request = await prepare(opened, SOURCES.good, { environment: { FOR_WHOM: 'the kit' } });
      await opened.builder.start(request);
      const following = collect(opened.other.logs(request.id, { follow: true, signal: deadline() }));
      assert.deepEqual(await opened.other.wait(request.id, deadline()), {
        id: request.id,
        phase: 'succeeded',
      });
      assert.deepEqual(await opened.builder.status(request.id), { id: request.id, phase: 'succeeded' });

      const lines = await following;
      assert.ok(
        lines.some(({ message }) => message.includes('built for the kit')),
        "lines.some(({ message }) => message.includes('built for the kit'))",
      );
      const containers = [...new Set(lines.map(({ container }) => container))];
      assert.deepEqual(
        lines.map(({ container }) => container),
        containers.flatMap((container) =>
          lines.filter((line) => line.container === container).map(() => container),
        ),
        'one container after the other',
      );
      assert.deepEqual(
        lines.map(({ timestamp }) => timestamp),
        lines.map(({ timestamp }) => timestamp).sort(),
      );
      for (const { pod, namespace } of lines)
        assert.ok(pod !== '' && namespace !== '', "pod !== '' && namespace !== ''");
      assert.deepEqual(await collect(opened.builder.logs(request.id)), lines, 'the same, read afterwards');

      const client = createOciClient({ auths: await opened.registry.credentials() });
      const { manifest: image } = await client.manifest(request.image);
      const { config } = await client.config(request.image, image.config);
      client.close();
      assert.ok(image.layers.length > 0, 'image.layers.length > 0');
      assert.ok((config?.Entrypoint?.length ?? 0) > 0, '(config?.Entrypoint?.length ?? 0) > 0');
      assert.ok(!JSON.stringify(config).includes('the kit'), 'the build environment is not in the image');
    });

    it('starts a run once, and changes nothing when it is asked again', async () => {
      await using opened = await open();
      const request = await prepare(opened, SOURCES.good);
      await opened.builder.start(request);
      await opened.other.start(request);
      await opened.builder.wait(request.id, deadline());
      await opened.other.start(request);
      assert.equal((await opened.builder.status(request.id))?.phase, 'succeeded');
      const lines = await collect(opened.builder.logs(request.id));
      assert.equal(new Set(lines.map(({ pod }) => pod)).size, 1);
    });

    it('says why a build failed, with the end of its log', async () => {
      await using opened = await open();
      const request = await prepare(opened, SOURCES.failing);
      await opened.builder.start(request);
      const status = await opened.builder.wait(request.id, deadline());
      assertFailed(status);
      assert.ok(
        status.lastLines.some((line) => line.includes('about to break')),
        "status.lastLines.some((line) => line.includes('about to break'))",
      );
      assert.deepEqual(await opened.other.status(request.id), status);
    });

    it('says so when it does not know what the sources are', async () => {
      await using opened = await open();
      const request = await prepare(opened, SOURCES.nothing);
      await opened.builder.start(request);
      assertFailed(await opened.builder.wait(request.id, deadline()));
    });

    it('ends a run that is cancelled, which then has failed', async () => {
      await using opened = await open();
      const request = await prepare(opened, SOURCES.hanging);
      await opened.builder.start(request);
      for await (const { message } of opened.builder.logs(request.id, { follow: true, signal: deadline() })) {
        if (message.includes('hangs')) break;
      }
      assert.equal((await opened.builder.status(request.id))?.phase, 'running');
      const waiting = opened.builder.wait(request.id, deadline());
      await opened.other.cancel(request.id);
      assert.equal((await waiting).phase, 'failed');
      await opened.other.cancel(request.id);
      assert.equal((await opened.builder.status(request.id))?.phase, 'failed');
    });

    it('stops waiting and following when it is told to', async () => {
      await using opened = await open();
      const request = await prepare(opened, SOURCES.hanging);
      await opened.builder.start(request);
      const stop = new AbortController();
      const waiting = opened.builder.wait(request.id, stop.signal);
      const following = collect(opened.builder.logs(request.id, { follow: true, signal: stop.signal }));
      stop.abort(new Error('enough'));
      await assert.rejects(waiting, { message: 'enough' });
      await following;
      await opened.builder.cancel(request.id);
    });

    it('knows nothing of runs that never were', async () => {
      await using opened = await open();
      const id = randomBytes(8).toString('hex');
      assert.equal(await opened.builder.status(id), undefined);
      await assert.rejects(opened.builder.wait(id, deadline()), { code: 'STAGING_NOT_FOUND' });
      await opened.builder.cancel(id);
      await opened.builder.prune({ namespace: 'workspace', name: 'never-pushed' });
    });

    it('forgets the runs of an application but the one to keep', async () => {
      await using opened = await open();
      const first = await prepare(opened, SOURCES.good);
      const second = await prepare(opened, SOURCES.good);
      const stranger = await prepare(opened, SOURCES.good, {
        app: { namespace: 'workspace', name: 'stranger' },
      });
      const all = [first, second, stranger];
      for (const request of all) await opened.builder.start(request);
      await Promise.all(all.map(({ id }) => opened.builder.wait(id, deadline())));
      await opened.builder.prune(first.app, second.id);
      assert.equal(await opened.builder.status(first.id), undefined);
      assert.equal((await opened.builder.status(second.id))?.phase, 'succeeded');
      await opened.other.prune(first.app);
      assert.equal(await opened.builder.status(second.id), undefined);
      assert.equal((await opened.builder.status(stranger.id))?.phase, 'succeeded');
    });
  });
}

/** Puts sources into the store, and makes the request to build them. */
async function prepare(
  { storage, registry }: OpenBuilder,
  files: Files,
  part: Partial<StagingRequest> = {},
): Promise<StagingRequest> {
  const id = randomBytes(8).toString('hex');
  const blob = `sources-${id}`;
  const pack = tar.pack();
  for (const [file, content] of Object.entries(files)) pack.entry({ name: file }, content);
  pack.finalize();
  await storage.put(blob, Readable.from(pack), { contentType: 'application/x-tar' });
  const app = part.app ?? { namespace: 'workspace', name: 'sample' };
  const { push } = await registry.repository(`apps/${app.namespace}-${app.name}`);
  return { id, app, blob, image: `${push}:${id}`, environment: {}, labels: {}, annotations: {}, ...part };
}

async function collect(lines: AsyncIterable<LogLine>): Promise<readonly LogLine[]> {
  const result: LogLine[] = [];
  for await (const line of lines) result.push(line);
  return result;
}

function assertFailed(status: StagingStatus): asserts status is Required<StagingStatus> {
  assert.equal(status.phase, 'failed');
  assert.ok(
    status.message !== undefined && status.message !== '',
    "status.message !== undefined && status.message !== ''",
  );
  assert.ok(
    !status.message.includes('\n') && !status.message.endsWith('.'),
    `one sentence: ${status.message}`,
  );
  assert.ok((status.lastLines?.length ?? 0) > 0, '(status.lastLines?.length ?? 0) > 0');
}
